//! Writes the struct of a view, and how it is put together.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{Ident, Type};

use crate::model::Model;
use crate::parse::view::View;
use crate::parse::view::join::Join;
use crate::parse::view::prefetch::Prefetch;
use crate::tokens::compact;

/// The view itself, or its row without what is prefetched.
pub(super) struct Page<'a> {
    pub(super) model: &'a Model<'a>,
    pub(super) view: &'a View,
    pub(super) ident: Ident,
    pub(super) prefetches: Vec<&'a Prefetch>,
}

impl Page<'_> {
    pub(super) fn expand(&self) -> TokenStream {
        let (definition, page, load) = (self.definition(), self.page(), self.load());
        quote!(#definition #page #load)
    }

    /// The struct, which dereferences to the model's row.
    fn definition(&self) -> TokenStream {
        let (ident, vis, root, root_field) = (&self.ident, self.model.vis, self.model.ident, self.model.root_field());
        let derives = &self.view.derives;
        let derive = (!derives.is_empty()).then(|| quote!(#[derive(#(#derives),*)]));
        let joins = self.view.joins.iter().map(|join| {
            let (name, ty, doc) = (&join.name, join_type(join), "The related row, which is joined.");
            quote!(#[doc = #doc] #vis #name: #ty,)
        });
        let prefetches = self.prefetches.iter().map(|prefetch| {
            let (name, ty) = (&prefetch.name, prefetch_type(prefetch));
            quote!(#[doc = "The related rows, which have a statement of their own."] #vis #name: #ty,)
        });
        let doc = format!("A row of [`{}`] with its related rows.", root.unraw());
        quote! {
            #[doc = #doc]
            #derive
            #vis struct #ident {
                /// The row.
                #vis #root_field: #root,
                #(#joins)*
                #(#prefetches)*
            }

            #[automatically_derived]
            impl ::core::ops::Deref for #ident {
                type Target = #root;

                fn deref(&self) -> &Self::Target {
                    &self.#root_field
                }
            }
        }
    }

    fn page(&self) -> TokenStream {
        let private = self.model.private();
        let (ident, root, root_field) = (&self.ident, self.model.ident, self.model.root_field());
        let joined = self.joined();
        let part = self.part();
        quote! {
            #part

            #[automatically_derived]
            impl #private::Page for #ident {
                type Root = #root;
                type Joined = #joined;

                fn root(&self) -> &Self::Root {
                    &self.#root_field
                }
            }
        }
    }

    /// Its size, and how it is said in bytes: field by field, in order.
    fn part(&self) -> TokenStream {
        let private = self.model.private();
        let ident = &self.ident;
        let fields = self.fields();
        let names: Vec<&Ident> = fields.iter().map(|(name, _)| name).collect();
        let parts: Vec<TokenStream> = fields.iter().map(|(_, ty)| quote!(<#ty as #private::Part>)).collect();
        quote! {
            #[automatically_derived]
            impl #private::Part for #ident {
                const IS_STORABLE: ::core::primitive::bool = true #(&& #parts::IS_STORABLE)*;
                const HAS_BASE_QUERY: ::core::primitive::bool = false #(|| #parts::HAS_BASE_QUERY)*;

                fn heap_size(&self) -> ::core::primitive::usize {
                    0_usize #(.saturating_add(#parts::heap_size(&self.#names)))*
                }

                fn store(&self, __bytes: &mut ::std::vec::Vec<::core::primitive::u8>) -> #private::Result<()> {
                    #(#parts::store(&self.#names, __bytes)?;)*
                    ::core::result::Result::Ok(())
                }

                fn restore(__bytes: &mut &[::core::primitive::u8]) -> #private::Result<Self> {
                    ::core::result::Result::Ok(Self { #(#names: #parts::restore(__bytes)?,)* })
                }
            }
        }
    }

    /// The row, what is joined and what is prefetched, each with its type.
    fn fields(&self) -> Vec<(Ident, TokenStream)> {
        let root = (self.model.root_field(), self.model.ident.to_token_stream());
        let joins = self.view.joins.iter().map(|join| (join.name.clone(), join_type(join)));
        let prefetches = self.prefetches.iter().map(|prefetch| (prefetch.name.clone(), prefetch_type(prefetch)));
        [root].into_iter().chain(joins).chain(prefetches).collect()
    }

    /// What the first statement gives: the row alone, or a tuple of it and those that are joined.
    fn joined(&self) -> TokenStream {
        let root = self.model.ident;
        if self.view.joins.is_empty() {
            return quote!(#root);
        }
        let joins = self.view.joins.iter().map(join_type);
        quote!((#root, #(#joins),*))
    }

    fn pattern(&self) -> TokenStream {
        if self.view.joins.is_empty() {
            return quote!(__root);
        }
        let joins = (0..self.view.joins.len()).map(join_variable);
        quote!((__root, #(#joins),*))
    }

    fn load(&self) -> TokenStream {
        let private = self.model.private();
        let (ident, root_field, pattern) = (&self.ident, self.model.root_field(), self.pattern());
        let markers: Vec<Ident> = self.prefetches.iter().map(|prefetch| self.view.marker(prefetch)).collect();
        let related: Vec<Ident> = (0..markers.len()).map(|place| format_ident!("__related_{place}")).collect();
        let loads = self.prefetches.iter().zip(&related).map(|(prefetch, related)| self.prefetch(prefetch, related));
        let joins = self.view.joins.iter().enumerate().map(|(place, join)| {
            let (name, variable) = (&join.name, join_variable(place));
            quote!(#name: #variable,)
        });
        let names = self.prefetches.iter().map(|prefetch| &prefetch.name);
        quote! {
            #[automatically_derived]
            impl<__C> #private::LoadPages<__C> for #ident
            where
                __C: #private::Line,
                #(#markers: #private::Prefetch<__C>,)*
            {
                fn look_ahead(__prefetched: &mut #private::Prefetched) -> #private::diesel::QueryResult<()> {
                    #(<#markers as #private::Prefetch<__C>>::look_ahead(__prefetched)?;)*
                    let _ = __prefetched;
                    ::core::result::Result::Ok(())
                }

                fn assemble<'__a>(
                    __joined: ::std::vec::Vec<<Self as #private::Page>::Joined>,
                    __conn: &'__a mut <__C as #private::Line>::Conn,
                ) -> #private::Reply<'__a, #private::diesel::QueryResult<::std::vec::Vec<Self>>>
                where
                    __C: '__a,
                {
                    ::std::boxed::Box::pin(async move {
                        #(#loads)*
                        let _ = __conn;
                        let __page = |#pattern| Self {
                            #root_field: __root,
                            #(#joins)*
                            #(#names: ::core::iter::Iterator::next(&mut #related).unwrap_or_default(),)*
                        };
                        ::core::result::Result::Ok(::core::iter::Iterator::collect(::core::iter::Iterator::map(
                            ::core::iter::IntoIterator::into_iter(__joined),
                            __page,
                        )))
                    })
                }
            }
        }
    }

    /// Loads one relation into the iterator `related`, which gives the field of one page after the other.
    fn prefetch(&self, prefetch: &Prefetch, related: &Ident) -> TokenStream {
        let private = self.model.private();
        let (pattern, marker) = (self.pattern(), self.view.marker(prefetch));
        let key = |row: TokenStream| quote!(#private::ForeignKeyOf::of(#private::CachedModel::id(#row)));
        let (method, key) = match self.view.parent(prefetch) {
            None => (quote!(prefetch), key(quote!(__root))),
            Some((place, join)) => {
                let (variable, key_of_row) = (join_variable(place), key(quote!(__row)));
                let row = if join.is_optional {
                    quote!(::core::option::Option::as_ref(#variable))
                } else {
                    quote!(::core::option::Option::Some(#variable))
                };
                (quote!(share), quote!(::core::option::Option::map(#row, |__row| #key_of_row)))
            }
        };
        quote! {
            let __keys = ::core::iter::Iterator::collect(::core::iter::Iterator::map(
                __joined.iter(),
                |#pattern| #key,
            ));
            let mut #related = ::core::iter::IntoIterator::into_iter(
                <#marker as #private::Prefetch<__C>>::#method(__keys, __conn).await?,
            );
        }
    }
}

/// The fields as written: another shape has other entries.
pub(super) fn shape(view: &View) -> String {
    let joins = view.joins.iter().map(|join| format!("{}:{}", join.name, compact(&join_type(join))));
    let prefetches = view.prefetches.iter().map(|prefetch| {
        let Prefetch { link, name, of, .. } = prefetch;
        format!("{name}:{}<{}", compact(&prefetch_type(prefetch)), compact(&quote!(#link, #of)))
    });
    let fields: Vec<String> = joins.chain(prefetches).collect();
    format!("{};{}", fields.join(","), view.is_whole_in_lists())
}

/// The models of all related rows.
pub(super) fn models(view: &View) -> Vec<&Type> {
    let joined = view.joins.iter().map(|join| &join.model);
    let prefetched = view.prefetches.iter().flat_map(|prefetch| [Some(&prefetch.model), prefetch.link.as_ref()]);
    joined.chain(prefetched.flatten()).collect()
}

fn join_type(join: &Join) -> TokenStream {
    let model = &join.model;
    if join.is_optional { quote!(::core::option::Option<#model>) } else { quote!(#model) }
}

/// Rows that belong to a joined row are shared: several pages may have it.
fn prefetch_type(prefetch: &Prefetch) -> TokenStream {
    let model = &prefetch.model;
    let item = match &prefetch.link {
        Some(link) if prefetch.keeps_link => quote!((#model, #link)),
        _ => quote!(#model),
    };
    let rows = quote!(::std::vec::Vec<#item>);
    if prefetch.of.is_some() { quote!(::std::sync::Arc<#rows>) } else { rows }
}

fn join_variable(place: usize) -> Ident {
    format_ident!("__join_{place}")
}
