//! What `up_sell` offers already: nobody is offered the same twice, with two numbers.

use hashbrown::HashMap;
use polars::prelude::DataFrame;

use crate::analyses::frame::texts;
use crate::error::Result;
use crate::facts::Facts;

/// The products of `up_sell`, by customer.
#[derive(Debug)]
pub(super) struct UpSold {
    /// Where each customer's products begin, and the end.
    starts: Vec<u32>,
    products: Vec<u32>,
}

impl UpSold {
    /// Reads the table, which is in the order of the customers' ids.
    pub(super) fn read(facts: &Facts, up_sell: &DataFrame) -> Result<UpSold> {
        let numbers: HashMap<&str, u32, foldhash::fast::FixedState> =
            facts.products.ids.iter().flatten().enumerate().map(|(number, id)| (id, number as u32)).collect();
        let mut up_sold = UpSold { starts: Vec::with_capacity(facts.customers.len() + 1), products: Vec::new() };
        let (customers, products) = (texts(up_sell, "customer_id")?, texts(up_sell, "product_id")?);
        let mut rows = customers.iter().zip(products.iter()).peekable();
        for id in facts.customers.ids.iter() {
            up_sold.starts.push(up_sold.products.len() as u32);
            while let Some((_, product)) = rows.next_if(|(customer, _)| *customer == id) {
                up_sold.products.extend(product.and_then(|id| numbers.get(id)));
            }
        }
        up_sold.starts.push(up_sold.products.len() as u32);
        Ok(up_sold)
    }

    /// Whether a customer is offered a product there.
    pub(super) fn has(&self, customer: u32, product: u32) -> bool {
        let own = self.starts[customer as usize] as usize..self.starts[customer as usize + 1] as usize;
        self.products[own].contains(&product)
    }
}
