"""From a robot's log to a body that moves like it: excite, fit, choose by held-out error."""
