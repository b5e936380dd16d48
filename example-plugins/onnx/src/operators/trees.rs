//! The trees of `ai.onnx.ml.TreeEnsembleRegressor` and `…Classifier`: what scikit-learn's, XGBoost's and LightGBM's
//! forests become.
//!
//! All indices of the file are checked when it is read, and the nodes of each tree must be a tree indeed, so that
//! evaluating it ends and stays inside. Sums are float32, in the order of the trees, as onnxruntime's are.

use std::collections::{HashMap, HashSet};

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

/// Most targets that an ensemble may have; a result has no more columns either.
const MOST_TARGETS: usize = crate::names::MOST_FIELDS;

/// Where a tree goes on from a node.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Branch {
        feature: usize,
        test: Test,
        threshold: f32,
        missing: bool,
        yes: usize,
        no: usize,
    },
    /// What it adds: a range of the weights.
    Leaf {
        from: usize,
        to: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    AtMost,
    Less,
    AtLeast,
    Greater,
    Equal,
    Unequal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Average,
    Least,
    Greatest,
}

/// An ensemble of trees.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trees {
    roots: Vec<usize>,
    nodes: Vec<Node>,
    /// Target and weight.
    weights: Vec<(usize, f32)>,
    /// How many values a row gives.
    pub(super) targets: usize,
    /// One more than the highest feature in use.
    features: usize,
    aggregate: Aggregate,
}

/// Attributes of what leaves add: `class_ids`, `target_ids` and so on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaves {
    Class,
    Target,
}

impl Leaves {
    fn attribute(self, part: &str) -> String {
        match self {
            Self::Class => format!("class_{part}"),
            Self::Target => format!("target_{part}"),
        }
    }
}

impl Trees {
    /// The trees of a node.
    pub(super) fn read(node: &NodeProto, leaves: Leaves, targets: usize) -> TractResult<Self> {
        if let Some(wide) = node.attribute.iter().find(|attribute| attribute.name.ends_with("_as_tensor")) {
            bail!("`{}` has values of 64 bits; export the model with float32 inputs", wide.name);
        }
        ensure!((1..=MOST_TARGETS).contains(&targets), "a tree ensemble with {targets} targets");
        let aggregate = match node.get_attr_opt::<&str>("aggregate_function")? {
            None | Some("SUM") => Aggregate::Sum,
            Some("AVERAGE") => Aggregate::Average,
            Some("MIN") => Aggregate::Least,
            Some("MAX") => Aggregate::Greatest,
            Some(other) => bail!("the aggregate function {other} is not known"),
        };
        let (places, mut nodes, features) = branches(node)?;
        let weights = weights(node, leaves, targets, &places, &mut nodes)?;
        let roots = roots(node, &nodes)?;
        Ok(Self { roots, nodes, weights, targets, features, aggregate })
    }

    /// The targets that some leaf adds to, in order, and whether all weights are at least 0.
    pub(super) fn used(&self) -> (Vec<usize>, bool) {
        let targets: std::collections::BTreeSet<usize> = self.weights.iter().map(|(target, _)| *target).collect();
        (targets.into_iter().collect(), self.weights.iter().all(|(_, weight)| *weight >= 0.0))
    }

    /// Evaluates all rows of a tensor. `each` is given a row and its place in the result.
    pub(super) fn rows(&self, input: &Tensor, mut each: impl FnMut(&Self, &[f32])) -> TractResult<()> {
        let [_, columns] = *input.shape() else { bail!("a tree ensemble takes rows and columns") };
        ensure!(columns >= self.features.max(1), "the trees use {} features of {columns}", self.features);
        let input = input.try_as_plain_ram()?;
        input.as_slice::<f32>()?.chunks_exact(columns).for_each(|row| each(self, row));
        Ok(())
    }
}

/// Tree and node, as the file numbers them.
type Id = (i64, i64);

/// The nodes, with leaves still empty, and where each lies.
fn branches(node: &NodeProto) -> TractResult<(HashMap<Id, usize>, Vec<Node>, usize)> {
    let ids = ids(node, "nodes_treeids", "nodes_nodeids")?;
    let count = ids.len();
    let modes = sized::<&str>(node, "nodes_modes", count)?;
    let features = sized::<i64>(node, "nodes_featureids", count)?;
    let thresholds = sized::<f32>(node, "nodes_values", count)?;
    let yes = sized::<i64>(node, "nodes_truenodeids", count)?;
    let no = sized::<i64>(node, "nodes_falsenodeids", count)?;
    let missing = match node.get_attr_opt_vec::<i64>("nodes_missing_value_tracks_true")? {
        Some(missing) if !missing.is_empty() => {
            ensure!(missing.len() == count, "nodes_missing_value_tracks_true has {} values", missing.len());
            missing
        }
        _ => vec![0; count],
    };
    let places: HashMap<Id, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    ensure!(places.len() == count, "two nodes of one tree have the same number");
    let child = |tree: i64, node: i64| {
        places.get(&(tree, node)).copied().with_context(|| format!("tree {tree} has no node {node}"))
    };

    let mut nodes = Vec::with_capacity(count);
    let mut most = 0;
    let all = ids.iter().zip(modes).zip(features).zip(thresholds).zip(yes).zip(no).zip(missing);
    for ((((((id, mode), feature), threshold), yes), no), missing) in all {
        let test = match mode {
            "LEAF" => {
                nodes.push(Node::Leaf { from: 0, to: 0 });
                continue;
            }
            "BRANCH_LEQ" => Test::AtMost,
            "BRANCH_LT" => Test::Less,
            "BRANCH_GTE" => Test::AtLeast,
            "BRANCH_GT" => Test::Greater,
            "BRANCH_EQ" => Test::Equal,
            "BRANCH_NEQ" => Test::Unequal,
            other => bail!("the node mode {other} is not known"),
        };
        let feature = usize::try_from(feature).context("a feature below zero")?;
        most = most.max(feature.saturating_add(1));
        let (yes, no) = (child(id.0, yes)?, child(id.0, no)?);
        nodes.push(Node::Branch { feature, test, threshold, missing: missing != 0, yes, no });
    }
    Ok((places, nodes, most))
}

/// The weights, sorted by leaf; each leaf gets the range of its own.
fn weights(
    node: &NodeProto,
    leaves: Leaves,
    targets: usize,
    places: &HashMap<Id, usize>,
    nodes: &mut [Node],
) -> TractResult<Vec<(usize, f32)>> {
    let ids = ids(node, &leaves.attribute("treeids"), &leaves.attribute("nodeids"))?;
    let of = sized::<i64>(node, &leaves.attribute("ids"), ids.len())?;
    let weights = sized::<f32>(node, &leaves.attribute("weights"), ids.len())?;
    let mut sorted = Vec::with_capacity(ids.len());
    for ((id, target), weight) in ids.into_iter().zip(of).zip(weights) {
        let place = *places.get(&id).with_context(|| format!("tree {} has no node {}", id.0, id.1))?;
        let target = usize::try_from(target).ok().filter(|target| *target < targets).context("no such target")?;
        sorted.push((place, target, weight));
    }
    sorted.sort_by_key(|(place, ..)| *place);
    for (index, (place, ..)) in sorted.iter().enumerate() {
        // Some exporters give weights to inner nodes, too; they are never reached.
        if let Some(Node::Leaf { from, to }) = nodes.get_mut(*place) {
            *from = if *to == 0 { index } else { *from };
            *to = index + 1;
        }
    }
    Ok(sorted.into_iter().map(|(_, target, weight)| (target, weight)).collect())
}

/// One root for each tree. A node with one parent at most, and a root without: so that no walk comes back to where it was.
fn roots(node: &NodeProto, nodes: &[Node]) -> TractResult<Vec<usize>> {
    let mut is_child = vec![false; nodes.len()];
    for node in nodes {
        let Node::Branch { yes, no, .. } = node else { continue };
        for child in [*yes, *no] {
            let seen = is_child.get_mut(child).context("no such node")?;
            ensure!(!*seen, "a node with two parents");
            *seen = true;
        }
    }
    let mut roots = Vec::new();
    let mut trees = HashSet::new();
    for (place, (tree, _)) in ids(node, "nodes_treeids", "nodes_nodeids")?.into_iter().enumerate() {
        let is_root = is_child.get(place) == Some(&false);
        if is_root {
            ensure!(trees.insert(tree), "tree {tree} has two roots");
            roots.push(place);
        }
    }
    ensure!(!roots.is_empty(), "a tree ensemble without a root");
    let mut reached = 0;
    let mut next = roots.clone();
    while let Some(place) = next.pop() {
        reached += 1;
        if let Some(Node::Branch { yes, no, .. }) = nodes.get(place) {
            next.extend([*yes, *no]);
        }
    }
    ensure!(reached == nodes.len(), "nodes that no root leads to");
    Ok(roots)
}

fn ids(node: &NodeProto, trees: &str, nodes: &str) -> TractResult<Vec<Id>> {
    let trees: Vec<i64> = node.get_attr_vec(trees)?;
    let nodes = sized::<i64>(node, nodes, trees.len())?;
    Ok(trees.into_iter().zip(nodes).collect())
}

fn sized<'a, T: tract_onnx::pb_helpers::AttrTVecType<'a>>(
    node: &'a NodeProto,
    name: &str,
    count: usize,
) -> TractResult<Vec<T>> {
    let values: Vec<T> = node.get_attr_vec(name)?;
    ensure!(values.len() == count, "{name} has {} values, and {count} are needed", values.len());
    Ok(values)
}

impl Test {
    fn holds(self, value: f32, threshold: f32) -> bool {
        match self {
            Self::AtMost => value <= threshold,
            Self::Less => value < threshold,
            Self::AtLeast => value >= threshold,
            Self::Greater => value > threshold,
            #[expect(clippy::float_cmp, reason = "that is what the operator says")]
            Self::Equal => value == threshold,
            #[expect(clippy::float_cmp, reason = "that is what the operator says")]
            Self::Unequal => value != threshold,
        }
    }
}

impl Trees {
    /// Weights of the leaf that this row comes to.
    fn leaf(&self, root: usize, row: &[f32]) -> &[(usize, f32)] {
        let mut place = root;
        loop {
            match self.nodes.get(place) {
                Some(Node::Branch { feature, test, threshold, missing, yes, no }) => {
                    let value = row.get(*feature).copied().unwrap_or(f32::NAN);
                    let holds = test.holds(value, *threshold) || (*missing && value.is_nan());
                    place = if holds { *yes } else { *no };
                }
                Some(Node::Leaf { from, to }) => return self.weights.get(*from..*to).unwrap_or_default(),
                None => return &[],
            }
        }
    }

    /// What the trees give for this row. `out` is all zeros.
    pub(super) fn row(&self, row: &[f32], out: &mut [f32]) {
        match self.aggregate {
            Aggregate::Sum => self.each(row, out, |sum, weight| sum + weight),
            Aggregate::Average => {
                self.each(row, out, |sum, weight| sum + weight);
                for sum in out {
                    *sum /= self.roots.len() as f32;
                }
            }
            // Where no tree says anything about a target it is 0, as with a sum.
            Aggregate::Least | Aggregate::Greatest => {
                out.fill(f32::NAN);
                let least = self.aggregate == Aggregate::Least;
                self.each(row, out, |best, weight| if least { best.min(weight) } else { best.max(weight) });
                out.iter_mut().filter(|best| best.is_nan()).for_each(|best| *best = 0.0);
            }
        }
    }

    /// Sums, and NaN for a target that no tree says anything about.
    pub(super) fn sums(&self, row: &[f32], out: &mut [f32]) {
        out.fill(f32::NAN);
        self.each(row, out, |sum, weight| if sum.is_nan() { weight } else { sum + weight });
    }

    fn each(&self, row: &[f32], out: &mut [f32], join: impl Fn(f32, f32) -> f32) {
        for root in &self.roots {
            for (target, weight) in self.leaf(*root, row) {
                if let Some(value) = out.get_mut(*target) {
                    *value = join(*value, *weight);
                }
            }
        }
    }
}
