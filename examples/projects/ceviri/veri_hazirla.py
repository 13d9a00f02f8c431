"""Ham metni temizler; eğitim yapmaz."""

import csv

batch_size = 1000
with open("ham.tsv", encoding="utf-8") as f:
    for n, satir in enumerate(csv.reader(f, delimiter="\t")):
        if n % batch_size == 0:
            print(f"epoch 1 step {n}: işlendi")
