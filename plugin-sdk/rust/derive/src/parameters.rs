//! `#[parameters]`.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Error, Expr, Field, Fields, LitStr, Result, parse_quote};

/// What the attributes of a field say.
#[derive(Default)]
struct Options {
    column: bool,
    default: Option<Expr>,
    rename: Option<String>,
}

pub(crate) fn expand(mut input: DeriveInput) -> Result<TokenStream> {
    if let Some(parameter) = input.generics.params.first() {
        return Err(Error::new_spanned(parameter, "parameters have no generic parameters"));
    }
    let mut attributes: Vec<Attribute> = vec![
        parse_quote!(#[derive(
            ::analyte_sdk::serde::Serialize,
            ::analyte_sdk::serde::Deserialize,
            ::analyte_sdk::schemars::JsonSchema
        )]),
        parse_quote!(#[serde(crate = "::analyte_sdk::serde")]),
        parse_quote!(#[schemars(crate = "::analyte_sdk::schemars")]),
    ];
    let more = match &mut input.data {
        Data::Struct(data) => {
            attributes.push(parse_quote!(#[serde(deny_unknown_fields)]));
            let Fields::Named(fields) = &mut data.fields else {
                return Err(Error::new_spanned(&input.ident, "parameters are a struct with named fields"));
            };
            structure(&input.ident, fields.named.iter_mut())?
        }
        Data::Enum(_) => {
            if !mentions_rename_all(&input.attrs) {
                attributes.push(parse_quote!(#[serde(rename_all = "kebab-case")]));
            }
            TokenStream::new()
        }
        Data::Union(_) => return Err(Error::new_spanned(&input.ident, "parameters are a struct or an enum")),
    };
    // After the author's own derives, which must precede the helper attributes of others.
    input.attrs.splice(0..0, attributes);
    Ok(quote! { #input #more })
}

fn structure<'f>(parameters: &syn::Ident, fields: impl Iterator<Item = &'f mut Field>) -> Result<TokenStream> {
    let (mut columns, mut functions) = (Vec::new(), Vec::new());
    for field in fields {
        let options = take_options(&mut field.attrs)?;
        let Some(ident) = field.ident.clone() else { continue };
        let plain = ident.to_string().trim_start_matches("r#").to_owned();
        if let Some(name) = &options.rename {
            field.attrs.push(parse_quote!(#[serde(rename = #name)]));
        }
        if options.column {
            columns.push(options.rename.clone().unwrap_or_else(|| plain.clone()));
        }
        if let Some(default) = options.default {
            let function = format_ident!("__default_{}", plain);
            let (path, ty) = (format!("{parameters}::{function}"), &field.ty);
            functions.push(quote! {
                #[doc(hidden)]
                fn #function() -> #ty {
                    #default
                }
            });
            field.attrs.push(parse_quote!(#[serde(default = #path)]));
        }
    }
    Ok(quote! {
        impl #parameters {
            #(#functions)*
        }
        #[automatically_derived]
        impl ::analyte_sdk::Parameters for #parameters {
            const COLUMNS: &'static [&'static str] = &[#(#columns),*];
            fn schema() -> ::std::string::String {
                ::analyte_sdk::schema_of::<Self>()
            }
            fn parse(json: &str) -> ::analyte_sdk::Result<Self> {
                ::analyte_sdk::parse_as(json)
            }
        }
    })
}

/// Takes `#[parameter(…)]` off a field.
fn take_options(attributes: &mut Vec<Attribute>) -> Result<Options> {
    let mut options = Options::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("parameter")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("column") {
                options.column = true;
            } else if meta.path.is_ident("default") {
                options.default = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("rename") {
                options.rename = Some(meta.value()?.parse::<LitStr>()?.value());
            } else {
                return Err(meta.error("known here: `column`, `default = …`, `rename = \"…\"`"));
            }
            Ok(())
        })?;
    }
    attributes.retain(|attribute| !attribute.path().is_ident("parameter"));
    Ok(options)
}

fn mentions_rename_all(attributes: &[Attribute]) -> bool {
    let mut serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    serde.any(|attribute| attribute.to_token_stream().to_string().contains("rename_all"))
}
