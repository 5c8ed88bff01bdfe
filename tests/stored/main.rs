//! What is kept outside of the process: its bytes, and what is made of bytes that are not ours.

mod bytes_store;
mod columns;
mod golden;
mod lossy;
mod reads;
mod robust;
mod with;
