# öğrenme oranı taraması, hepsi tek günlükte
for lr in 0.1 0.001; do
    echo "=== öğrenme oranı $lr ==="
    python egitim.py --ogrenme_orani $lr --donem 5
done > tarama.log
