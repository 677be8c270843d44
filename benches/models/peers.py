"""Peers on the same kind of customers as benches/registry/models.rs, for comparison.

    pip install lifetimes numpy pandas scipy
    python3 benches/models/peers.py 23570 100000

Prints CPU seconds (user + system), which a loaded machine distorts less than wall time.
"""
import sys
import time

import numpy as np


def customers(count, seed=1):
    """BG/NBD with the parameters of CDNOW, known for 10 to 730 days; weeks."""
    draw = np.random.default_rng(seed)
    age = draw.integers(10, 731, count)
    rate = draw.gamma(0.2426, 1 / 4.4136, count)
    leaving = draw.beta(0.7929, 2.4259, count)
    repeats, last = np.zeros(count, int), np.zeros(count)
    for i in range(count):
        at = 0.0
        while True:
            at += draw.exponential(1 / max(rate[i], 1e-12)) * 7
            if at > age[i]:
                break
            day = np.ceil(at)
            if day > last[i]:
                repeats[i] += 1
                last[i] = min(day, age[i])
            if draw.random() < leaving[i]:
                break
    return repeats, last / 7, age / 7


def measured(name, work):
    before = time.process_time()
    work()
    print(f"{name:40} {time.process_time() - before:9.2f} CPU s", flush=True)


def main():
    from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

    for count in [int(size) for size in sys.argv[1:]] or [23570]:
        x, last, age = customers(count)
        fitters = [("bg_nbd", BetaGeoFitter), ("mbg_nbd", ModifiedBetaGeoFitter), ("pareto_nbd", ParetoNBDFitter)]
        for name, fitter in fitters:
            model = fitter()
            measured(f"lifetimes {name} fit {count}", lambda: model.fit(x, last, age))


if __name__ == "__main__":
    main()
