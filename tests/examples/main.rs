//! The example plugins, on a real server, held against published values and independent implementations.

mod onnx;
mod published;
