# Windows PowerShell: ">" UTF-16 yazar
python egitim.py --ogrenme_orani 0.01 --donem 10 --yigin 16 > egitim_log.txt
python egitim.py --ogrenme_orani 0.0005 --donem 500 --yigin 32 > egitim_uzun.txt
