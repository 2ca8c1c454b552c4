"""An emulated servo bus, to test a robot's software on: devices, faults, and a body behind them."""
