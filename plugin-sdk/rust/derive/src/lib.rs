//! The macros of `analyte-sdk`, which documents them: `#[derive(Row)]` and `#[parameters]`.

mod docs;
mod parameters;
mod row;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct a row of a table; see the trait of the same name.
#[proc_macro_derive(Row, attributes(row))]
pub fn derive_row(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    row::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a struct the parameters of a model, or an enum the choices of one parameter.
///
/// It is read with serde and described with schemars, so their attributes work; doc comments become descriptions.
/// Unknown parameters are refused. Of a field:
///
/// * `#[parameter(column)]` marks it as naming a column of the input, or several.
/// * `#[parameter(default = …)]` is its value where none is given. An `Option` needs none.
/// * `#[parameter(rename = "…")]` gives it another name.
///
/// The variants of an enum are named in `kebab-case`.
///
/// An example is with the trait `Parameters` of `analyte-sdk`.
#[proc_macro_attribute]
pub fn parameters(arguments: TokenStream, input: TokenStream) -> TokenStream {
    parse_macro_input!(arguments as syn::parse::Nothing);
    let input = parse_macro_input!(input as DeriveInput);
    parameters::expand(input).unwrap_or_else(syn::Error::into_compile_error).into()
}
