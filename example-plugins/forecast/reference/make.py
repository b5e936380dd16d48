"""Makes the two series of `example-plugins/data`, and what statsmodels answers for them.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make.py

The series, `../../data/co2.csv` and `../../data/sunspots.csv`, come with statsmodels and pmdarima; see the README there.
What is computed here is computed from the written files, so that both sides see the same numbers:

* `fits.csv`: per series, season and seasonality the sum of squared errors and the smoothing parameters that
  `ExponentialSmoothing` finds (trend="add", initialization_method="estimated"), once as `fit()` does it by itself and once
  with limits and tolerances of its optimiser so tight that it goes on to the end of its path;
* `forecasts.csv`: the forecasts of the second kind;
* `decompositions/*.csv`: `seasonal_decompose`, with empty cells where it has no value.

What was used is printed, and written into `versions.txt`.
"""

import csv
import pathlib
import platform
import warnings

import numpy
import pandas
import pmdarima
import scipy
import statsmodels
import statsmodels.api
from pmdarima.datasets import load_sunspots
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.seasonal import seasonal_decompose

HERE = pathlib.Path(__file__).parent
DATA = HERE / ".." / ".." / "data"

# Series, rows of a season, seasonality, rows to forecast. 132 months are the eleven years of a cycle of the sun. Sunspots
# are zero in some months, which a multiplicative season does not take.
FITS = [
    ("co2", 12, "additive", 36),
    ("co2", 12, "multiplicative", 36),
    ("sunspots", 12, "additive", 36),
    ("sunspots", 132, "additive", 132),
]
# 13 is no season of this series: it is there because it is odd.
DECOMPOSITIONS = [
    ("co2", 12, "additive"),
    ("co2", 12, "multiplicative"),
    ("co2", 13, "additive"),
    ("sunspots", 132, "additive"),
]
TO_THE_END = {"options": {"maxiter": 1_000_000, "maxfun": 100_000_000, "ftol": 1e-15, "gtol": 1e-10}}


def series():
    weekly = statsmodels.api.datasets.co2.load_pandas().data["co2"]
    monthly = weekly.resample("MS").mean().interpolate()
    write_series("co2", monthly.index, (f"{value:.4f}".rstrip("0").rstrip(".") for value in monthly))
    sunspots = load_sunspots()
    months = pandas.date_range("1749-01", periods=len(sunspots), freq="MS")
    write_series("sunspots", months, (f"{value:.1f}" for value in sunspots))


def write_series(name, months, values):
    table(DATA / f"{name}.csv", ["month", "value"], ((month.strftime("%Y-%m"), value) for month, value in zip(months, values)))


def read(name):
    return pandas.read_csv(DATA / f"{name}.csv")["value"].to_numpy(dtype=float)


def fits():
    fits, forecasts = [], []
    for name, length, seasonal, horizon in FITS:
        values = read(name)
        model = ExponentialSmoothing(
            values, trend="add", seasonal=seasonal, seasonal_periods=length, initialization_method="estimated"
        )
        with warnings.catch_warnings():
            # That it stops before it has converged is what the two kinds are about.
            warnings.simplefilter("ignore")
            usual = model.fit()
            end = model.fit(minimize_kwargs=TO_THE_END)
        weights = [end.params[f"smoothing_{part}"] for part in ("level", "trend", "seasonal")]
        fits.append([name, length, seasonal, *map(number, [usual.sse, end.sse, *weights])])
        for step, forecast in enumerate(end.forecast(horizon), start=1):
            forecasts.append([name, length, seasonal, step, number(forecast)])
    header = ["series", "season_length", "seasonal"]
    table(HERE / "fits.csv", [*header, "sse", "sse_to_the_end", "level", "trend", "season"], fits)
    table(HERE / "forecasts.csv", [*header, "step", "forecast"], forecasts)


def decompositions():
    folder = HERE / "decompositions"
    folder.mkdir(exist_ok=True)
    for name, length, seasonal in DECOMPOSITIONS:
        parts = seasonal_decompose(read(name), model=seasonal, period=length)
        rows = zip(parts.trend, parts.seasonal, parts.resid)
        table(folder / f"{name}-{length}-{seasonal}.csv", ["trend", "seasonal", "residual"], (map(number, row) for row in rows))


def number(value):
    return "" if numpy.isnan(value) else f"{value:.12g}"


def table(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def versions():
    used = [("Python", platform.python_version())]
    used += [(module.__name__, module.__version__) for module in (numpy, pandas, pmdarima, scipy, statsmodels)]
    text = "".join(f"{name} {version}\n" for name, version in used)
    (HERE / "versions.txt").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    versions()
    series()
    fits()
    decompositions()
