"""Karakter düzeyinde bir CNN ile dil tanıma; kümede çalışır."""

import argparse
import time

import torch
from torch import nn

p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=0.001)
p.add_argument("--epochs", type=int, default=50)
p.add_argument("--batch-size", type=int, default=32)
args = p.parse_args()
print(args)

torch.manual_seed(0)
X = torch.randint(0, 40, (512, 24))
y = (X < 12).sum(1).clamp(max=9)
model = nn.Sequential(nn.Embedding(40, 16), nn.Flatten(), nn.Linear(16 * 24, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
for epoch in range(1, args.epochs + 1):
    total = 0.0
    for idx in torch.randperm(len(X)).split(args.batch_size):
        loss = nn.functional.cross_entropy(model(X[idx]), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    print(f"Epoch {epoch}/{args.epochs} | train loss {total / len(X):.4f} | lr {args.lr}", flush=True)
    time.sleep(0.1)
print("Training finished")
