"""Makes the models of this folder from public data, and what onnxruntime answers for some rows of it.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make.py

For each model there are three files: `NAME.onnx`, `NAME.input.csv` and `NAME.expected.csv`. The rows of the input were
not trained on. Figures are written in the shortest form that reads back as the same float32.

The data sets come with scikit-learn and are described there: diabetes (Efron et al., 2004), handwritten digits
(Alpaydin and Kaynak, 1998), breast cancer in Wisconsin (Street, Wolberg and Mangasarian, 1993) and iris (Fisher, 1936).
"""

import csv
import json
import pathlib

import numpy
import onnx
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent
OPSET = {"": 17, "ai.onnx.ml": 3}


def diabetes():
    """A tree ensemble: one number out."""
    data = load_diabetes()
    names = data.feature_names
    train, test, wanted, _ = train_test_split(data.data, data.target, test_size=80, random_state=1)
    model = GradientBoostingRegressor(n_estimators=100, max_depth=3, random_state=1)
    model.fit(train.astype(numpy.float32), wanted)
    write("diabetes", model, test, "Disease progression after one year.", {
        "feature_names": names,
        "output_names": ["progression"],
    })


def digits():
    """A small neural network: a label, and a probability for each class."""
    data = load_digits()
    train, test, wanted, _ = train_test_split(data.data, data.target, test_size=100, random_state=1)
    model = MLPClassifier(hidden_layer_sizes=(48,), max_iter=400, random_state=1)
    model.fit(train.astype(numpy.float32), wanted)
    write("digits", model, test, "Which digit an 8 by 8 picture shows.", {
        "feature_names": data.feature_names,
        "class_labels": [int(label) for label in model.classes_],
    })


def tumours():
    """A forest of two classes with text labels."""
    data = load_breast_cancer()
    train, test, wanted, _ = train_test_split(data.data, data.target, test_size=80, random_state=1)
    model = RandomForestClassifier(n_estimators=15, max_depth=5, random_state=1)
    model.fit(train.astype(numpy.float32), data.target_names[wanted])
    write("tumours", model, test, "Whether a tumour is malignant.", {
        "feature_names": [str(name) for name in data.feature_names],
        "class_labels": [str(label) for label in model.classes_],
    })


def iris():
    """A pipeline with text labels, without names: fields are numbered."""
    data = load_iris()
    train, test, wanted, _ = train_test_split(data.data, data.target, test_size=60, random_state=1)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(train.astype(numpy.float32), data.target_names[wanted])
    write("iris", model, test, "", {})


def write(name, model, rows, description, metadata):
    rows = rows.astype(numpy.float32)
    made = to_onnx(
        model,
        initial_types=[("X", FloatTensorType([None, rows.shape[1]]))],
        options={"zipmap": False} if hasattr(model, "predict_proba") else None,
        target_opset=OPSET,
    )
    made.doc_string = description
    onnx.helper.set_model_props(made, {key: json.dumps(value) for key, value in metadata.items()})
    onnx.checker.check_model(made)
    path = HERE / f"{name}.onnx"
    path.write_bytes(made.SerializeToString())

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    answers = session.run(None, {"X": rows})
    columns = []
    for output, answer in zip(session.get_outputs(), answers):
        labels = metadata.get("class_labels", range(answer.shape[1]) if answer.ndim == 2 else [])
        if answer.ndim == 1 or answer.shape[1] == 1:
            columns.append((output.name, answer.reshape(-1)))
        else:
            columns += [(f"{output.name}_{label}", answer[:, place]) for place, label in enumerate(labels)]
    names = metadata.get("output_names") or [name for name, _ in columns]
    table(f"{name}.expected.csv", names, zip(*(values for _, values in columns)))
    features = metadata.get("feature_names") or [f"X_{place}" for place in range(rows.shape[1])]
    table(f"{name}.input.csv", features, rows)


def table(name, header, rows):
    with open(HERE / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([str(value) for value in row] for row in rows)


if __name__ == "__main__":
    diabetes()
    digits()
    tumours()
    iris()
