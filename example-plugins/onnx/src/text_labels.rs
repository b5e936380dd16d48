//! Classifiers with text labels: tract computes those with whole numbers only. Such a classifier is made to give the
//! place of its label instead, and a `LabelEncoder` behind it puts the label in that place.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, ModelProto, NodeProto};

const TEXTS: &str = "classlabels_strings";

/// The classifiers, and what each calls whole-number labels.
const CLASSIFIERS: [(&str, &str); 2] =
    [("LinearClassifier", "classlabels_ints"), ("TreeEnsembleClassifier", "classlabels_int64s")];

/// Rewrites all classifiers with text labels.
pub(crate) fn separate(proto: &mut ModelProto) {
    let Some(graph) = &mut proto.graph else { return };
    let mut encoders = Vec::new();
    for node in &mut graph.node {
        let Some((_, whole)) = CLASSIFIERS.iter().find(|(name, _)| *name == node.op_type) else { continue };
        let Some(labels) = node.attribute.iter_mut().find(|attribute| attribute.name == TEXTS) else { continue };
        if labels.strings.is_empty() {
            continue;
        }
        let texts = std::mem::take(&mut labels.strings);
        let places: Vec<i64> = (0..).take(texts.len()).collect();
        *labels = list(whole, AttributeType::Ints);
        labels.ints.clone_from(&places);
        // An empty list of whole numbers would count as a second one.
        node.attribute.retain(|attribute| attribute.name != *whole || !attribute.ints.is_empty());
        let Some(label) = node.output.first_mut() else { continue };
        let place = format!("{label}:place");
        let text = std::mem::replace(label, place.clone());
        let mut keys = list("keys_int64s", AttributeType::Ints);
        keys.ints = places;
        let mut values = list("values_strings", AttributeType::Strings);
        values.strings = texts;
        encoders.push(NodeProto {
            name: format!("{text}:text"),
            op_type: "LabelEncoder".to_owned(),
            domain: "ai.onnx.ml".to_owned(),
            input: vec![place],
            output: vec![text],
            attribute: vec![keys, values],
            ..NodeProto::default()
        });
    }
    graph.node.extend(encoders);
}

fn list(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: kind as i32, ..AttributeProto::default() }
}
