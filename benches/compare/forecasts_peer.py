"""The same series with statsforecast: forecasts_peer.py SERIES.csv. Needs statsforecast; CPU seconds after a warm-up."""
import csv
import sys
import time

import numpy as np
from statsforecast.models import DynamicOptimizedTheta, SeasonalNaive, Theta

numbers = lambda text: np.array(text.split(), dtype=float)
series = [(numbers(row["x"]), numbers(row["xx"])) for row in csv.DictReader(open(sys.argv[1]))]
for model in [SeasonalNaive(12), Theta(12), DynamicOptimizedTheta(12)]:
    forecast = lambda past, horizon: model.forecast(y=past, h=horizon)["mean"]
    forecast(*[(past, len(future)) for past, future in series[:1]][0])
    start = time.process_time()
    values = [forecast(past, len(future)) for past, future in series]
    seconds = time.process_time() - start
    smape = np.mean([np.mean(200 * abs(y - f) / (abs(y) + abs(f))) for f, (_, y) in zip(values, series)])
    scale = lambda past: np.mean(abs(past[12:] - past[:-12]))
    mase = np.mean([np.mean(abs(y - f)) / scale(x) for f, (x, y) in zip(values, series)])
    print(f"{type(model).__name__}: {seconds:.2f} CPU s, sMAPE {smape:.3f}, MASE {mase:.4f}")
