//! Holds the trait that `#[derive(Cached)]` implements, and what it declares about the table.

use core::any::Any;
use core::hash::Hash;

use cache_core::tables::{self, LookupDeclaration, NamedType};
use cache_core::{Codec, KeyBytes, Timestamp, name_of};
use diesel::query_dsl::methods::{FilterDsl, FindDsl};
use diesel::{Expression, Table};

use crate::error::NotFound;
use crate::model::comparison::{Comparison, Stated};
use crate::model::definition::Definition;
use crate::model::printed::KeyPart;
use crate::model::saved::Saved;
use crate::model::storage::ModelCodecs;
use crate::model::table::{NamedTable, table_name};

/// A model whose rows are cached.
///
/// Implemented by `#[derive(Cached)]`; every method is for the library and for generated code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cached model",
    label = "no cache manager exists for this type",
    note = "add `#[derive(Cached)]` and `#[diesel(table_name = ..)]` to `{Self}`"
)]
pub trait CachedModel: Sized + Send + Sync + 'static {
    /// The table of the `table!` macro that rows are read from and written to.
    type Table: Table + FindDsl<Self::Id> + NamedTable + Copy + Send + Sync + 'static;
    /// The query that rows are read by: the table itself, or the base query.
    type Source: FilterDsl<Self::ByKey>;
    /// Which columns the conditions of lists may use.
    type Columns;
    /// The primary key: a field's type, or a tuple of them in the table's order.
    type Id: Key;
    /// What `require` fails with.
    type Error: From<diesel::result::Error> + From<NotFound>;
    /// The order of lists, where the call says none.
    type Order: 'static;
    /// The condition that selects the row of a key.
    type ByKey;
    /// The condition that selects the rows of several keys.
    type ByIds;

    /// What the derive was told.
    const DEFINITION: Definition;
    /// What is called once rows were deleted through the manager.
    const AFTER_DELETE: &'static [fn(&Saved<Self>)] = &[];
    /// What is called once rows were inserted or updated through the manager.
    const AFTER_SAVE: &'static [fn(&Saved<Self>)] = &[];
    /// How rows leave the process; `None`: they are kept in memory only.
    const CODECS: Option<ModelCodecs<Self>> = None;
    /// Whether rows are read by a query of the model's own, which may hide some of them.
    const HAS_BASE_QUERY: bool = false;
    /// How a row is copied that a write gives back and stores; `None`: it is not stored.
    const WRITE_THROUGH: Option<fn(&Self) -> Self> = None;

    /// The table itself.
    fn table() -> Self::Table;
    /// The query that rows are read by.
    fn source() -> Self::Source;
    /// The row's primary key.
    fn id(&self) -> Self::Id;
    /// Whether `id` is the row's primary key; without a clone.
    fn has_id(&self, id: &Self::Id) -> bool;
    /// Whether `names` holds for the parts of the row's primary key: for itself, or for each of its columns.
    fn is_named(&self, names: impl FnOnce(&[&dyn Any]) -> bool) -> bool;
    /// Selects the row with this key.
    fn by_key(id: Self::Id) -> Self::ByKey;
    /// Selects the rows with one of these keys.
    fn by_ids(ids: Vec<Self::Id>) -> Self::ByIds;
    /// A copy for what is called after a write; `None`: rows of this type cannot be copied.
    fn copied_for_hooks(&self) -> Option<Self> {
        None
    }
    /// When the row is not to be served any more, by itself.
    fn ends_at(&self) -> Option<Timestamp> {
        None
    }
    /// The bytes that the row's fields own on the heap, as far as their types are known.
    fn heap_size(&self) -> usize;
    /// How the database compares primary keys.
    fn key_comparison() -> Comparison;
    /// The columns of the primary key, in order.
    fn key_parts() -> Vec<KeyPart> {
        Vec::new()
    }
    /// The columns that are said to be compared byte by byte.
    fn stated() -> Vec<Stated> {
        Vec::new()
    }
    /// The unique look-ups and scopes.
    fn lookups() -> Vec<LookupDefinition>;
    /// The tables whose changes reach this table by themselves.
    fn dependencies() -> Vec<Dependency>;
}

/// What a primary key, a unique value or a scope's value has to be.
///
/// `Eq` has to mean what the database's `=` means, and `Hash` has to go with it: the derives of a
/// newtype over an integer, a string, bytes or a uuid do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key of a cached row",
    note = "a key needs `Clone + Eq + Hash + Send + Sync`: add `#[derive(Clone, PartialEq, Eq, Hash)]` to `{Self}`; floats cannot be keys"
)]
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Eq + Hash + Send + Sync + 'static> Key for T {}

/// A unique look-up or a scope of a model; implemented by generated types.
pub trait Lookup: 'static {
    /// The model that is looked up.
    type Model: CachedModel;
    /// The column's value, or a tuple of them.
    type Value: Key;
    /// The condition on the columns.
    type Filter;

    /// The SQL names of the columns, in the order of the value.
    const COLUMNS: &'static [&'static str];

    /// How what a unique value leads to leaves the process; `None`: it is kept in memory only.
    const CODEC: Option<Codec> = None;

    /// Whether no column changes once the row is there.
    const IS_FIXED: bool;

    /// Whether the value has a normal form of its own.
    const IS_NORMALIZED: bool = false;

    /// Whether a column is said to be compared byte by byte.
    const IS_STATED: bool = false;

    /// Whether a value can belong to one row only.
    const IS_UNIQUE: bool;

    /// Tells the look-ups of a model apart.
    const NAME: u64 = name_of(Self::COLUMNS);

    /// Selects the rows with this value.
    fn filter(value: Self::Value) -> Self::Filter;
    /// The row's own value.
    fn value(model: &Self::Model) -> Self::Value;
    /// Whether that is `value`; without a clone.
    fn has_value(model: &Self::Model, value: &Self::Value) -> bool;
    /// Whether `names` holds for the parts of the row's own value, as [`CachedModel::is_named`] has it.
    fn is_named(model: &Self::Model, names: impl FnOnce(&[&dyn Any]) -> bool) -> bool;
    /// The bytes of the row's own value; the generated one clones nothing.
    fn key_bytes(model: &Self::Model) -> KeyBytes {
        KeyBytes::of(&Self::value(model))
    }
    /// How the database compares values, or how their normal forms are compared.
    fn comparison() -> Comparison;
    /// The normal form of `value`.
    fn normalized(value: &Self::Value) -> Self::Value {
        value.clone()
    }
    /// What makes the normal form: the type of the function.
    fn normalizer() -> Option<NamedType> {
        None
    }
}

/// The bytes of a look-up's value, which is a key as it is one.
#[must_use]
pub fn key_bytes_of<L: Lookup>(value: &L::Value) -> KeyBytes {
    KeyBytes::of(value)
}

/// What names the rows with `value` in tags: the same for all values that are equal to the database.
pub(crate) fn tag_bytes<L: Lookup>(value: &L::Value) -> KeyBytes {
    if L::IS_NORMALIZED { KeyBytes::of(&L::normalized(value)) } else { KeyBytes::of(value) }
}

/// How the values of a scope are compared that name its rows in tags.
///
/// A row that a save takes to another scope ends all lists of scopes, as nobody knows where it was. Where the database would
/// have to be asked first, that is worth it for scopes only that no row leaves, or where the model says so: those of other
/// columns keep their lists.
pub(crate) fn scope_comparison<L: Lookup>() -> Comparison {
    if L::IS_FIXED || L::IS_STATED { L::comparison() } else { L::comparison().unasked() }
}

/// The type of a function, which tells it from others.
#[must_use]
pub fn type_of<F: 'static>(_function: &F) -> NamedType {
    NamedType::of::<F>()
}

/// What a write has to know of a look-up.
#[derive(Clone, Debug)]
pub struct LookupDefinition {
    pub(crate) declaration: LookupDeclaration,
    /// The value of a row of the model, as a key.
    pub(crate) value_of: fn(&dyn Any) -> Option<KeyBytes>,
    /// How values are compared, where they name the rows that share them.
    pub(crate) comparison: Comparison,
}

impl LookupDefinition {
    /// Describes `L`.
    #[must_use]
    pub fn of<L: Lookup>() -> Self {
        let declaration = LookupDeclaration {
            columns: L::COLUMNS,
            is_exact: scope_comparison::<L>().may_be_exact(),
            is_fixed: L::IS_FIXED,
            is_unique: L::IS_UNIQUE,
            normalizer: L::normalizer(),
            value: NamedType::of::<L::Value>(),
        };
        let value_of = |row: &dyn Any| row.downcast_ref::<L::Model>().map(|row| tag_bytes::<L>(&L::value(row)));
        Self { declaration, value_of, comparison: scope_comparison::<L>() }
    }
}

/// A table whose changes reach another one by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency(pub(crate) tables::Dependency);

impl Dependency {
    /// `cascaded_by(Model)`.
    #[must_use]
    pub fn cascaded_by_model<M: CachedModel>() -> Self {
        Self(tables::Dependency::CascadedBy(table_name::<M::Table>()))
    }

    /// `cascaded_by(table)`.
    #[must_use]
    pub fn cascaded_by_table<T: NamedTable>(_table: T) -> Self {
        Self(tables::Dependency::CascadedBy(table_name::<T>()))
    }

    /// `depends_on(Model)`.
    #[must_use]
    pub fn depends_on_model<M: CachedModel>() -> Self {
        Self(tables::Dependency::DependsOn(table_name::<M::Table>()))
    }

    /// `depends_on(table)`.
    #[must_use]
    pub fn depends_on_table<T: NamedTable>(_table: T) -> Self {
        Self(tables::Dependency::DependsOn(table_name::<T>()))
    }
}

/// Names the columns that make up the primary key of the table `T`; the derive asserts it.
#[diagnostic::on_unimplemented(
    message = "the key of this model is not the primary key of its table",
    label = "`table!` declares another primary key",
    note = "name the columns of the primary key, in the order of `table!`, in `#[diesel(primary_key(..))]`"
)]
pub trait PrimaryKeyOf<T> {}

#[diagnostic::do_not_recommend]
impl<T: Table<PrimaryKey = Columns>, Columns> PrimaryKeyOf<T> for Columns {}

/// A SQL type whose values have one plain Rust type.
#[diagnostic::on_unimplemented(
    message = "a key of the SQL type `{Self}` has no plain Rust type",
    label = "the type of this field is not known",
    note = "write it behind the path: `primary_key = identity.id: ProductId`"
)]
pub trait PlainSqlType {
    /// The type.
    type Value;
}

macro_rules! plain_sql_type {
    ($($sql_type:ident: $value:ty,)*) => { $(
        impl PlainSqlType for diesel::sql_types::$sql_type {
            type Value = $value;
        }
    )* };
}

plain_sql_type! {
    BigInt: i64,
    Binary: Vec<u8>,
    Bool: bool,
    Integer: i32,
    SmallInt: i16,
    Text: String,
}

/// The plain Rust type of the column `C`.
pub type PlainValue<C> = <<C as Expression>::SqlType as PlainSqlType>::Value;
