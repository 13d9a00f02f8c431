#!/bin/bash
# Denemeler sırayla. Günlükler bu klasörde kalıyor.
cd "$(dirname "$0")"

python train.py --lr 3e-3 --epochs 6 --batch 4 --accum 2 --out out > train.log 2>&1

# çok yüksek öğrenme oranı, kırpma kapalı: ne olacak?
python train.py --lr 1e4 --epochs 3 --batch 8 --accum 1 --optim sgd --max_grad_norm 0 --out out_lr > train_lr.log 2>&1

# uzun deneme (Ctrl-C ile kesildi)
python train.py --lr 2e-4 --epochs 400 --batch 8 --accum 1 --out out_uzun > train_uzun.log 2>&1

# yeni veri
python train.py --lr 5e-4 --data data/cumleler_v2.txt --out out_v2 > train_v2.log 2>&1

# deepspeed
python train.py --lr 5e-4 --epochs 6 --batch 4 --deepspeed ds_config.json --out out_ds > train_ds.log 2>&1

# daha sonra, GPU'lu makinede
# python train.py --lr 1e-4 --epochs 30 --batch 64 --out out_buyuk > train_buyuk.log 2>&1
