python xgb_egit.py > xgb.log
python mlp_mlflow.py
