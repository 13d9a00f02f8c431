"""Meme kanseri verisi (scikit-learn ile gelir), XGBoost."""

import xgboost as xgb
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
X_e, X_d, y_e, y_d = train_test_split(X, y, test_size=0.25, random_state=0)
params = {"objective": "binary:logistic", "eta": 0.2, "max_depth": 3, "eval_metric": ["logloss", "auc"], "seed": 0}
dtrain, dval = xgb.DMatrix(X_e, y_e), xgb.DMatrix(X_d, y_d)
print(f"params: {params}")
bst = xgb.train(params, dtrain, num_boost_round=40, evals=[(dtrain, "train"), (dval, "validation")], verbose_eval=5)
