"""Yorumların duygusunu sınıflar: sözcük torbası ve iki katmanlı bir ağ."""

import argparse
import csv
import time

import torch
from torch import nn

ayar = argparse.ArgumentParser()
ayar.add_argument("--ogrenme_orani", type=float, default=0.01)
ayar.add_argument("--donem", type=int, default=10)
ayar.add_argument("--yigin", type=int, default=16)
ayar.add_argument("--gizli", type=int, default=32)
ayar.add_argument("--hedef", type=float, default=0.0, help="doğrulama kaybı bunun altına inmezse hata ver")
ayar = ayar.parse_args()

torch.manual_seed(1)
with open("data/yorumlar.csv", encoding="utf-8") as f:
    satirlar = list(csv.DictReader(f))
sozcukler = sorted({s for r in satirlar for s in r["yorum"].replace(",", "").split()})
yer = {s: i for i, s in enumerate(sozcukler)}
X = torch.zeros(len(satirlar), len(yer))
for i, r in enumerate(satirlar):
    for s in r["yorum"].replace(",", "").split():
        X[i, yer[s]] = 1
y = torch.tensor([int(r["etiket"]) for r in satirlar])
egitim_x, egitim_y, dogrulama_x, dogrulama_y = X[:180], y[:180], X[180:], y[180:]

model = nn.Sequential(nn.Linear(len(yer), ayar.gizli), nn.ReLU(), nn.Linear(ayar.gizli, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=ayar.ogrenme_orani)
olcut = nn.CrossEntropyLoss()

print("Eğitim başlıyor")
print(f"Cihaz: cpu, öğrenme oranı: {ayar.ogrenme_orani}, batch size: {ayar.yigin}")
basla = time.time()
for donem in range(1, ayar.donem + 1):
    model.train()
    toplam = 0.0
    for yigin in torch.randperm(len(egitim_x)).split(ayar.yigin):
        optimizer.zero_grad()
        kayip = olcut(model(egitim_x[yigin]), egitim_y[yigin])
        kayip.backward()
        optimizer.step()
        toplam += kayip.item() * len(yigin)
    model.eval()
    with torch.no_grad():
        cikti = model(dogrulama_x)
        d_kayip = olcut(cikti, dogrulama_y).item()
        dogruluk = (cikti.argmax(1) == dogrulama_y).float().mean().item()
    print(
        f"Dönem {donem}/{ayar.donem} - kayıp: {toplam / len(egitim_x):.4f} - "
        f"doğrulama kaybı: {d_kayip:.4f} - doğruluk: {dogruluk:.4f}",
        flush=True,
    )
    if ayar.donem > 100:
        time.sleep(0.05)
print(f"Eğitim tamamlandı. Süre: {time.time() - basla:.1f} sn")
