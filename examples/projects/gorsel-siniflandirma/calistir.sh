#!/bin/sh
python lightning_egit.py > lightning.log 2>&1
KERAS_BACKEND=torch python keras_egit.py > keras.log 2>&1
KERAS_BACKEND=torch python keras_egit.py 12 > keras_12sinif.log 2>&1
