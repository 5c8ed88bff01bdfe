//! What is generated for valid models, and for those that are broken.

use super::{derive, errors};

/// Prints the generated code without white space.
fn expand(source: &str) -> String {
    let tokens = derive(source);
    assert_eq!(errors(tokens.clone()), Vec::<String>::new(), "{source}");
    compact(&tokens.to_string())
}

fn compact(code: &str) -> String {
    code.split_whitespace().collect()
}

fn assert_contains(code: &str, parts: &[&str]) {
    for part in parts {
        assert!(code.contains(&compact(part)), "`{part}` is not in {code}");
    }
}

#[test]
fn a_minimal_model_has_a_manager() {
    let code = expand("pub(crate) struct FooBar { id: i32 }");
    assert_contains(
        &code,
        &[
            "impl ::cache_diesel::__private::CachedModel for FooBar",
            "type Table = foo_bars::table;",
            "type Id = i32;",
            "type Error = ::cache_diesel::__private::diesel::result::Error;",
            "pub(crate) struct FooBarManager(::cache_diesel::__private::Manager<FooBar>);",
            "pub(crate) fn cached() -> FooBarManager",
            "pub(crate) fn cached_in(__cache: &::core::primitive::str) -> FooBarManager",
            "Definition::new(\"FooBar\", ::core::module_path!(), \"id=id:i32\")",
            "::cache_diesel::__private::inventory::submit!",
            "is_primary_key::<foo_bars::table, foo_bars::columns::id>();",
        ],
    );
}

#[test]
fn a_model_is_read_by_its_table_or_by_its_base_query() {
    let product = |attributes: &str| expand(&format!("{attributes} struct Product {{ id: i32 }}"));
    let own = "fn source() -> Self::Source { <Self as ::cache_diesel::__private::OwnQuery>::own_query() }";
    let table = [
        ("", "type Source = products::table; type Columns = ::cache_diesel::__private::On<products::table>;"),
        ("", "fn source() -> Self::Source { products::table }"),
        ("#[cached(base_query = a::visible)]", "type Source = a::visible;"),
        ("#[cached(base_query = a::visible)]", "fn source() -> Self::Source { a::visible() }"),
        (
            "#[cached(base_query = a::visible)]",
            "is_base_query::<products::table, <Product as ::cache_diesel::__private::CachedModel>::Source>();",
        ),
        ("#[cached(base_query = visible: Visible<A>)]", "type Source = Visible<A>;"),
        ("#[cached(base_query)]", own),
        ("#[diesel(base_query = a.b(c))]", own),
        ("#[diesel(base_query = a.b(c))]", "const HAS_BASE_QUERY: ::core::primitive::bool = true;"),
        ("#[diesel(base_query = a.b(c))] #[cached(base_query = d)]", "type Source = d;"),
    ];
    for (attributes, expected) in table {
        assert_contains(&product(attributes), &[expected]);
    }
    assert!(!product("").contains("HAS_BASE_QUERY"));
}

#[test]
fn options_reach_the_definition() {
    let code = expand(
        "#[cached(key = \"p\", list_timeout = \"never\", detail_timeout = 90, negative_timeout = \"5 seconds\", error = E)]
         #[cached(crate = my::cache, cascaded_by(Shop, tags), depends_on(x::Shop, x::tags))] struct Product { id: i32 }",
    );
    assert_contains(
        &code,
        &[
            ".key(\"p\").list_timeout(my::cache::__private::Timeout::NEVER)",
            ".detail_timeout(my::cache::__private::Timeout::from_millis(90000u64))",
            ".negative_timeout(my::cache::__private::Timeout::from_millis(5000u64))",
            "type Error = E;",
            "Dependency::cascaded_by_model::<Shop>()",
            "Dependency::cascaded_by_table(tags::table)",
            "Dependency::depends_on_model::<x::Shop>()",
            "Dependency::depends_on_table(x::tags::table)",
        ],
    );
    assert!(!code.contains("cache_diesel"), "{code}");
    let code =
        expand("#[cached(relevance_timeout = 9, list_relevance_timeout = \"never\")] struct Product { id: i32 }");
    assert_contains(
        &code,
        &[
            ".list_relevance_timeout(::cache_diesel::__private::Timeout::NEVER)",
            ".detail_relevance_timeout(::cache_diesel::__private::Timeout::from_millis(9000u64))",
        ],
    );
}

#[test]
fn composite_keys_are_tuples_in_the_order_of_the_attribute() {
    let code = expand("#[diesel(primary_key(b, a))] struct Pair { a: i32, #[diesel(column_name = b)] _b: String }");
    assert_contains(
        &code,
        &[
            "type Id = (String, i32);",
            "is_primary_key::<pairs::table, (pairs::columns::b, pairs::columns::a)>();",
            "let (__value_0, __value_1) = __id;",
            "PartialEq::eq(&self._b, __value_0) && ::core::cmp::PartialEq::eq(&self.a, __value_1)",
        ],
    );
}

#[test]
fn look_ups_are_methods_of_the_manager() {
    let code = expand(
        "#[cached(unique(slug), unique(type, shop_id), scope(shop_id))]
         struct Product { id: i32, slug: String, shop_id: Option<i32>, r#type: u8 }",
    );
    assert_contains(
        &code,
        &[
            "fn get_by_slug<__Key>(self, __slug: __Key)",
            "self.0.looked_up::<__CachedProductBySlug, __Key>(__slug)",
            "fn get_by_type_and_shop_id<__Key0, __Key1>(self, __type: __Key0, __shop_id: __Key1)",
            "UniqueRead<Product, __CachedProductByTypeAndShopId, ::cache_diesel::__private::Parts<(\
             <__Key0 as ::cache_diesel::__private::IntoKey<u8>>::Itself, \
             <__Key1 as ::cache_diesel::__private::IntoKey<Option<i32>>>::Itself\
             )>>",
            "__Key1: ::cache_diesel::__private::IntoKey<Option<i32>>",
            "fn all_by_shop_id(self, __shop_id: impl ::cache_diesel::__private::IntoKey<Option<i32>>)",
            "EqOrNull<products::columns::shop_id, i32>",
            "products::columns::r#type",
            "const IS_UNIQUE: ::core::primitive::bool = false;",
        ],
    );
}

#[test]
fn keys_may_be_in_embedded_structs() {
    let code = expand(
        "#[cached(primary_key = (a, inner.deep.r#type, inner.b: Code))]
         struct Pair { a: i32, #[diesel(embed)] inner: Inner }",
    );
    assert_contains(
        &code,
        &[
            "type Id = (i32, ::cache_diesel::__private::PlainValue<pairs::columns::r#type>, Code);",
            "is_primary_key::<pairs::table, (pairs::columns::a, pairs::columns::r#type, pairs::columns::b)>();",
            "Clone::clone(&self.inner.deep.r#type)",
            "PartialEq::eq(&self.inner.b, __value_2)",
            ".key_is_saved()",
        ],
    );
}

#[test]
fn lists_have_the_models_order() {
    let code = expand("#[cached(order_by = (title.desc(), x::tags::name))] struct Product { id: i32 }");
    assert_contains(
        &code,
        &[
            "type Order = __CachedProductOrder;",
            "Order<__Source, (::cache_diesel::__private::diesel::dsl::Desc<products::columns::title>, x::tags::name,)>",
        ],
    );
    let code = expand("#[cached(order_by = r#type)] struct Product { id: i32 }");
    assert_contains(&code, &["OrderDsl<(products::columns::r#type,)>"]);
    assert_contains(&expand("struct Product { id: i32 }"), &["type Order = ::cache_diesel::__private::Unordered;"]);
}

#[test]
fn look_ups_of_fixed_columns_are_fixed() {
    let code = expand(
        "#[cached(scope(a), scope(b), scope(a, id), scope(b, id), fixed(a))] struct Pair { id: i32, a: i32, b: i32 }",
    );
    let is_fixed: Vec<bool> =
        code.split("constIS_FIXED:::core::primitive::bool=").skip(1).map(|rest| rest.starts_with("true")).collect();
    assert_eq!(is_fixed, [true, false, true, false]);
    assert!(!code.contains("key_is_saved"));
}

#[test]
fn normalisers_are_called_on_the_value_itself() {
    let code = expand(
        "#[cached(unique(email, with = my::lower), scope(city, with = str::to_lowercase), unique(id, city))]
         struct User { id: i32, email: String, city: Option<String> }",
    );
    assert_contains(
        &code,
        &[
            "const IS_NORMALIZED: ::core::primitive::bool = true;",
            "fn normalized(__value: &Self::Value) -> Self::Value { my::lower(__value) }",
            "let __normal: String = str::to_lowercase(__value);",
            "::cache_diesel::__private::type_of(&my::lower)",
        ],
    );
    assert_eq!(code.matches("IS_NORMALIZED").count(), 2);
}

#[test]
fn the_shape_tells_projections_apart() {
    let code = expand(
        "struct Product { id: i32, #[diesel(column_name = title, deserialize_as = Vec<u8>, serialize_as = X)] name: Text < u8 > }",
    );
    assert_contains(&code, &["\"id=id:i32,name=title:Text<u8>;deserialize_as=Vec<u8>\""]);
}

#[test]
fn fields_are_stored_in_order_by_their_types() {
    let code = expand(
        "#[cached(unique(slug))]
         struct Product { id: i32, #[cached(with = my::slug)] slug: Slug, note: Option<Note>, #[diesel(embed)] inner: Inner }",
    );
    let places = [
        "<i32 as ::cache_diesel::__private::Storable>::store(&self.id, __bytes)?;",
        "my::slug::serialize(self.0, __serializer)",
        "::cache_diesel::__private::store_nullable::<Note>(&self.note, __bytes,
            <Note as ::cache_diesel::__private::Storable>::store)?;",
        "<Inner as ::cache_diesel::__private::Storable>::store(&self.inner, __bytes)?;",
    ];
    assert_contains(&code, &places);
    assert!(places.map(|part| code.find(&compact(part))).is_sorted());
    assert_contains(
        &code,
        &[
            "slug=slug:Slug;with=my::slug",
            "impl ::cache_diesel::__private::StoredLookup for __CachedProductBySlug",
            "ModelCodecs::<Product>::of()",
        ],
    );
}

#[test]
fn models_of_memory_have_no_codec() {
    let code = expand("#[cached(memory_only, unique(slug))] struct Product { id: i32, slug: Opaque }");
    assert!(!code.contains("Storable") && !code.contains("CODEC") && !code.contains("Encode"), "{code}");
}

#[test]
fn mistakes_in_options_leave_the_rest() {
    let tokens = derive("#[cached(ttl = 3, unique(slug), unique(nope))] struct Product { id: i32, slug: String }");
    assert_eq!(errors(tokens.clone()).len(), 2);
    let code = compact(&tokens.to_string());
    assert_contains(&code, &["fn cached() -> ProductManager", "fn get_by_slug<__Key>"]);
}

#[test]
fn broken_models_have_a_manager_that_holds_the_mistake() {
    let tokens = derive("#[cached(ttl)] pub enum Product { Table }");
    assert_eq!(errors(tokens.clone()).len(), 2);
    let code = compact(&tokens.to_string());
    assert_contains(
        &code,
        &[
            "pub type ProductManager = __CachedProductBroken<{::core::compile_error!",
            "pub fn cached() -> ProductManager",
            "impl ::cache_diesel::__private::CachedModel for Product",
        ],
    );
}
