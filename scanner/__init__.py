"""scan-trainings: reads folders of machine-learning projects and says, with evidence, what was trained there."""
