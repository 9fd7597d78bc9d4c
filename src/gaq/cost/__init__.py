"""What each slot of a recipe costs in physics, and how to spend bits where they count."""
