"""Peak GPU memory of a training step, predicted without a GPU and without allocating; importing this loads no torch."""

from reference_runs.memory.answer import answer
from reference_runs.memory.predict import Prediction, Predictor, predict, predict_all
from reference_runs.memory.shape import TrainingShape

__all__ = ["Prediction", "Predictor", "TrainingShape", "answer", "predict", "predict_all"]
