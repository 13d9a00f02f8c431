"""scikit-learn MLP; sonuçlar MLflow'a."""

import logging
import warnings

import mlflow
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
logging.getLogger("mlflow").setLevel(logging.ERROR)
X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
X_e, X_d, y_e, y_d = train_test_split(X, y, test_size=0.25, random_state=0)

mlflow.set_tracking_uri("mlruns")
mlflow.set_experiment("meme-kanseri")
with mlflow.start_run(run_name="mlp-32"):
    ayar = {"model": "MLPClassifier", "optimizer": "adam", "learning_rate": 0.005, "batch_size": 32, "epochs": 12}
    mlflow.log_params(ayar)
    mlp = MLPClassifier((32,), learning_rate_init=0.005, batch_size=32, random_state=1)
    for epoch in range(1, 13):
        mlp.partial_fit(X_e, y_e, classes=[0, 1])
        mlflow.log_metric("train_loss", mlp.loss_, step=epoch)
        mlflow.log_metric("val_loss", log_loss(y_d, mlp.predict_proba(X_d)), step=epoch)
        mlflow.log_metric("val_accuracy", mlp.score(X_d, y_d), step=epoch)
