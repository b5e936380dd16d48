"""Computes what `robust-outliers` answers for two series of `../../data`, by pandas and straight from the definition.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make.py

`NAME.csv` has a row for each row of `../../data/NAME.csv`; empty cells where there is no value. Every 97th value of
`sunspots.csv` counts as missing here, and so does it in the test. What was used is printed, and written into `versions.txt`.
"""

import csv
import pathlib
import platform

import numpy
import pandas

HERE = pathlib.Path(__file__).parent
DATA = HERE / ".." / ".." / "data"

# Series, values in a window, threshold, every how many rows a value is missing.
CASES = [("co2", 12, 1.5, None), ("sunspots", 61, 3.0, 97)]


def judge(values, window, threshold):
    present = values.dropna()
    windows = present.rolling(window)
    median = windows.median()
    mad = windows.apply(lambda values: numpy.median(numpy.abs(values - numpy.median(values))), raw=True) * 1.4826
    off = (present - median).abs()
    score = (off / mad).where(mad > 0)
    outlier = ((score > threshold) | ((mad == 0) & (off > 0))).astype("boolean").mask(median.isna())
    judged = pandas.DataFrame({"median": median, "mad": mad, "score": score, "outlier": outlier})
    return judged.reindex(values.index)


def cell(value):
    if pandas.isna(value):
        return ""
    return str(bool(value)).lower() if isinstance(value, (bool, numpy.bool_)) else f"{value:.12g}"


if __name__ == "__main__":
    used = [("Python", platform.python_version()), ("numpy", numpy.__version__), ("pandas", pandas.__version__)]
    text = "".join(f"{name} {version}\n" for name, version in used)
    (HERE / "versions.txt").write_text(text)
    print(text, end="")
    for name, window, threshold, missing in CASES:
        values = pandas.read_csv(DATA / f"{name}.csv")["value"].astype(float)
        if missing:
            values[missing - 1 :: missing] = numpy.nan
        with open(HERE / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["median", "mad", "score", "outlier"])
            for row in judge(values, window, threshold).itertuples(index=False):
                writer.writerow([cell(value) for value in row])
