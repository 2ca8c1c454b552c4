"""Drake as a second simulator: a body's motion and contacts by another engine than MuJoCo."""
