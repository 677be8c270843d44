//! The one scan: every month of all sales and of each branch, category, channel, cohort and product.

use std::ops::Range;

use rayon::prelude::*;

use crate::facts::{ANONYMOUS, Facts, line_kind};

/// Figures of one month of one value. Money in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Quantity × price of what was sold.
    pub gross_sales: i64,
    /// Discounts.
    pub discounts: i64,
    /// What went back.
    pub returns: i64,
    /// Cost of the goods kept.
    pub cogs: i64,
    /// Units sold.
    pub units: i64,
    /// Orders that sold something.
    pub orders: i64,
    /// Known customers with such an order.
    pub active_customers: i64,
    /// Of these, those with their first order in the month.
    pub new_customers: i64,
    /// Of these, those who bought here before, but not in the months after which a customer counts as lost.
    pub reactivated_customers: i64,
    /// Known customers who bought here so many months ago and not since.
    pub lost_customers: i64,
}

impl Figures {
    /// Gross − discounts − returns.
    pub fn net_sales(&self) -> i64 {
        self.gross_sales - self.discounts - self.returns
    }

    pub(super) fn add(&mut self, other: &Figures) {
        self.gross_sales += other.gross_sales;
        self.discounts += other.discounts;
        self.returns += other.returns;
        self.cogs += other.cogs;
        self.units += other.units;
        self.orders += other.orders;
        self.active_customers += other.active_customers;
        self.new_customers += other.new_customers;
        self.reactivated_customers += other.reactivated_customers;
        self.lost_customers += other.lost_customers;
    }
}

/// Figures by month and value.
#[derive(Debug, Clone)]
pub struct Grid {
    /// How many values there are.
    pub width: usize,
    cells: Vec<Figures>,
}

impl Grid {
    fn new(width: usize, months: usize) -> Grid {
        Grid { width, cells: vec![Figures::default(); width * months] }
    }

    /// Month number `at` (0 is the first) of a value.
    #[inline]
    pub fn at(&self, at: usize, value: usize) -> &Figures {
        &self.cells[at * self.width + value]
    }

    #[inline]
    fn cell(&mut self, at: usize, value: usize) -> &mut Figures {
        &mut self.cells[at * self.width + value]
    }

    /// Net sales of a value in these months.
    pub fn net_sales(&self, value: usize, months: Range<usize>) -> Vec<i64> {
        months.map(|at| self.at(at, value).net_sales()).collect()
    }

    fn add(&mut self, other: &Grid) {
        self.cells.iter_mut().zip(&other.cells).for_each(|(cell, other)| cell.add(other));
    }
}

/// One month of the customers won in one month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CohortMonth {
    /// Those who bought.
    pub customers: i64,
    /// Their gross sales.
    pub gross_sales: i64,
    /// Their net sales.
    pub net_sales: i64,
}

/// One month of one product. Lines are kept when nothing of them went back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProductMonth {
    /// Units kept; none means that the product was not sold.
    pub units: i64,
    /// Gross − discounts of the lines kept.
    pub revenue: i64,
    /// Net sales of the other lines: what credits take away.
    pub other: i64,
}

impl ProductMonth {
    /// Gross − discounts − returns of all lines.
    pub fn net_sales(&self) -> i64 {
        self.revenue + self.other
    }
}

/// Every month of everything.
#[derive(Debug)]
pub struct Course {
    /// From the month of the first order to the month of the day before the as-of date.
    pub months: Range<i32>,
    /// The months the data cover wholly, as places in `months`.
    pub complete: Range<usize>,
    /// Months without an order after which a customer counts as lost.
    pub lost_after: usize,
    /// All sales.
    pub all: Grid,
    /// By branch code.
    pub branch: Grid,
    /// By category code.
    pub category: Grid,
    /// By channel code.
    pub channel: Grid,
    /// Customers won, by month.
    pub won: Vec<i64>,
    /// By month won, then month.
    cohorts: Vec<CohortMonth>,
    /// By product, then month.
    products: Vec<ProductMonth>,
}

impl Course {
    /// Scans the facts; customers count as lost after so many months without an order.
    pub fn of(facts: &Facts, lost_after: usize) -> Course {
        let orders = &facts.orders;
        let months = match orders.month.iter().min() {
            Some(first) => *first..crate::calendar::month_number(facts.as_of - 1) + 1,
            None => 0..0,
        };
        let zero = || Scan::new(facts, &months, lost_after.max(1));
        let parts = parts(facts, months.len());
        let scan = parts
            .into_par_iter()
            .map(|part| {
                let mut scan = zero();
                scan.read(part);
                scan
            })
            .reduce_with(Scan::merge)
            .unwrap_or_else(zero);
        Course { complete: complete(facts, &months), months: months.clone(), ..scan.course }
    }

    /// How many months there are.
    pub fn len(&self) -> usize {
        self.months.len()
    }

    /// Whether there is no month at all.
    pub fn is_empty(&self) -> bool {
        self.months.is_empty()
    }

    /// Whether the data cover only a part of a month.
    pub fn is_partial(&self, at: usize) -> bool {
        !self.complete.contains(&at)
    }

    /// Whether the data begin so shortly before a month that its new customers may be old ones.
    pub fn is_left_truncated(&self, at: usize) -> bool {
        at < self.lost_after
    }

    /// The customers won in one month, in a month.
    pub fn cohort(&self, won: usize, at: usize) -> &CohortMonth {
        &self.cohorts[won * self.len() + at]
    }

    /// The months of a product.
    pub fn product(&self, product: usize) -> &[ProductMonth] {
        &self.products[product * self.len()..(product + 1) * self.len()]
    }
}

/// The months without the first where its first days have no order, and without the last where the as-of date cuts it.
fn complete(facts: &Facts, months: &Range<i32>) -> Range<usize> {
    let month_of = crate::calendar::month_number;
    let Some(first_day) = facts.orders.day.iter().min() else { return 0..0 };
    let starts_late = month_of(first_day - 1) == months.start;
    let is_cut = month_of(facts.as_of) < months.end;
    let (first, end) = (usize::from(starts_late), months.len() - usize::from(is_cut));
    first..end.max(first)
}

/// Memory that the product tables of all parts may take together.
const PRODUCT_BYTES: usize = 256 << 20;

/// Splits the orders into one part a thread, no customer across two. Every part has tables of its own, so there are
/// fewer where these are large. The sums are whole numbers: they do not depend on the split.
fn parts(facts: &Facts, months: usize) -> Vec<Range<usize>> {
    let orders = &facts.orders;
    let bytes = (facts.products.len() * months * size_of::<ProductMonth>()).max(1);
    let count = (PRODUCT_BYTES / bytes).clamp(1, rayon::current_num_threads());
    let mut parts = Vec::with_capacity(count);
    let mut start = 0;
    for part in 1..=count {
        let mut end = orders.len() * part / count;
        while end > start
            && end < orders.len()
            && orders.customer[end] != ANONYMOUS
            && orders.customer[end] == orders.customer[end - 1]
        {
            end += 1;
        }
        if end > start {
            parts.push(start..end);
            start = end;
        }
    }
    parts
}

/// A part's sums, and what tells the first of a kind from those after it.
struct Scan<'f> {
    facts: &'f Facts,
    course: Course,
    unit_cost: Vec<i64>,
    /// Goes up with every customer-month.
    visit: u32,
    /// The last customer-month each branch, category and channel was bought from in.
    branch_visit: Vec<u32>,
    category_visit: Vec<u32>,
    channel_visit: Vec<u32>,
    /// The last order each category was in, plus one.
    category_order: Vec<u32>,
    all_seen: LastSeen,
    branch_seen: LastSeen,
    category_seen: LastSeen,
    channel_seen: LastSeen,
}

/// The last month the buyer at hand bought in, by value.
struct LastSeen {
    /// Plus one; 0 where he never did.
    months: Vec<u32>,
    /// Values he bought of.
    values: Vec<u32>,
}

impl LastSeen {
    fn new(values: usize) -> LastSeen {
        LastSeen { months: vec![0; values], values: Vec::new() }
    }

    /// The buyer bought of a value in a month, for the first time in it: whoever was away long counts as lost when he
    /// was, and as reactivated now.
    #[inline]
    fn note(&mut self, grid: &mut Grid, at: usize, value: usize, lost_after: usize) {
        let before = std::mem::replace(&mut self.months[value], at as u32 + 1) as usize;
        if before == 0 {
            self.values.push(value as u32);
        } else if at + 1 - before > lost_after {
            grid.cell(before - 1 + lost_after, value).lost_customers += 1;
            grid.cell(at, value).reactivated_customers += 1;
        }
    }

    /// The buyer has no more orders: he is lost where there are months enough.
    #[inline]
    fn leave(&mut self, grid: &mut Grid, months: usize, lost_after: usize) {
        for value in self.values.drain(..) {
            let value = value as usize;
            let lost = std::mem::take(&mut self.months[value]) as usize - 1 + lost_after;
            if lost < months {
                grid.cell(lost, value).lost_customers += 1;
            }
        }
    }
}

/// An order's place in the scan.
#[derive(Clone, Copy)]
struct Place {
    /// Month.
    at: usize,
    /// A known customer's.
    known: bool,
    /// The month of the customer's first order.
    new: bool,
}

impl<'f> Scan<'f> {
    fn new(facts: &'f Facts, months: &Range<i32>, lost_after: usize) -> Scan<'f> {
        let count = months.len();
        let [branches, categories, channels] =
            [&facts.orders.branches, &facts.categories, &facts.orders.channels].map(|codes| codes.values.len());
        let unit_cost = facts.products.numbers::<arrow::datatypes::Int64Type>("unit_cost");
        Scan {
            facts,
            course: Course {
                months: months.clone(),
                complete: 0..0,
                lost_after,
                all: Grid::new(1, count),
                branch: Grid::new(branches, count),
                category: Grid::new(categories, count),
                channel: Grid::new(channels, count),
                won: vec![0; count],
                cohorts: vec![CohortMonth::default(); count * count],
                products: vec![ProductMonth::default(); facts.products.len() * count],
            },
            unit_cost: unit_cost.into_iter().map(Option::unwrap_or_default).collect(),
            visit: 0,
            branch_visit: vec![0; branches],
            category_visit: vec![0; categories],
            channel_visit: vec![0; channels],
            category_order: vec![0; categories],
            all_seen: LastSeen::new(1),
            branch_seen: LastSeen::new(branches),
            category_seen: LastSeen::new(categories),
            channel_seen: LastSeen::new(channels),
        }
    }

    fn read(&mut self, part: Range<usize>) {
        let orders = &self.facts.orders;
        let mut start = part.start;
        while start < part.end {
            let customer = orders.customer[start];
            let end = if customer == ANONYMOUS {
                part.end
            } else {
                self.facts.orders_of(customer as usize).end.min(part.end)
            };
            self.read_buyer(customer != ANONYMOUS, start..end);
            start = end;
        }
    }

    fn read_buyer(&mut self, known: bool, orders: Range<usize>) {
        let facts = self.facts;
        let start = self.course.months.start;
        let place = |order: usize| (facts.orders.month[order] - start) as usize;
        let first = orders.clone().find(|order| known && facts.totals[*order].is_sale).map(place);
        if let Some(first) = first {
            self.course.won[first] += 1;
        }
        let mut before = usize::MAX;
        let mut is_active = false;
        for order in orders {
            let at = place(order);
            if at != before {
                before = at;
                is_active = false;
                self.visit += 1;
            }
            let totals = &facts.totals[order];
            let sells = totals.is_sale && facts.orders.n_lines[order] > 0;
            let newly_active = sells && known && !is_active;
            is_active |= newly_active;
            self.add_order(order, Place { at, known, new: first == Some(at) }, sells, newly_active);
            if let Some(first) = first.filter(|first| *first <= at) {
                let months = self.course.months.len();
                let cohort = &mut self.course.cohorts[first * months + at];
                cohort.customers += i64::from(newly_active);
                cohort.gross_sales += totals.gross;
                cohort.net_sales += totals.net();
            }
            self.add_lines(order, Place { at, known, new: first == Some(at) });
        }
        let months = self.course.months.len();
        let course = &mut self.course;
        self.all_seen.leave(&mut course.all, months, course.lost_after);
        self.branch_seen.leave(&mut course.branch, months, course.lost_after);
        self.category_seen.leave(&mut course.category, months, course.lost_after);
        self.channel_seen.leave(&mut course.channel, months, course.lost_after);
    }

    /// Adds an order to all sales, its branch and its channel.
    #[inline]
    fn add_order(&mut self, order: usize, place: Place, sells: bool, newly_active: bool) {
        let totals = &self.facts.totals[order];
        let (branch, channel) = (self.facts.orders.branch[order] as usize, self.facts.orders.channel[order] as usize);
        let mut figures = Figures {
            gross_sales: totals.gross,
            discounts: totals.discount,
            returns: totals.returns,
            cogs: totals.cogs,
            units: i64::from(totals.units),
            orders: i64::from(sells),
            ..Figures::default()
        };
        let counts = sells && place.known;
        let mut add = |cell: &mut Figures, is_first: bool| {
            figures.active_customers = i64::from(is_first);
            figures.new_customers = i64::from(is_first && place.new);
            cell.add(&figures);
        };
        let first_at_branch = counts && self.branch_visit[branch] != self.visit;
        let first_in_channel = counts && self.channel_visit[channel] != self.visit;
        add(self.course.all.cell(place.at, 0), newly_active);
        add(self.course.branch.cell(place.at, branch), first_at_branch);
        add(self.course.channel.cell(place.at, channel), first_in_channel);
        let after = self.course.lost_after;
        let course = &mut self.course;
        if newly_active {
            self.all_seen.note(&mut course.all, place.at, 0, after);
        }
        if first_at_branch {
            self.branch_seen.note(&mut course.branch, place.at, branch, after);
        }
        if first_in_channel {
            self.channel_seen.note(&mut course.channel, place.at, channel, after);
        }
        if counts {
            self.branch_visit[branch] = self.visit;
            self.channel_visit[channel] = self.visit;
        }
    }

    /// Adds the lines of an order to their categories and products.
    #[inline]
    fn add_lines(&mut self, order: usize, place: Place) {
        let (facts, lines) = (self.facts, &self.facts.lines);
        let months = self.course.months.len();
        for line in facts.orders.lines(order) {
            let line = lines.line(line);
            let product = line.product as usize;
            let category = facts.category[product] as usize;
            let quantity = i64::from(line.quantity);
            let (gross, discount, returns) = (line.gross(), line.sales_discount(), line.returns());
            let net = gross - discount - returns;
            let cell = self.course.category.cell(place.at, category);
            cell.gross_sales += gross;
            cell.discounts += discount;
            cell.returns += returns;
            if line.kind != line_kind::RETURNED {
                cell.cogs += line.cost.unwrap_or(quantity * self.unit_cost[product]);
            }
            if gross > 0 {
                cell.units += quantity;
                if self.category_order[category] != order as u32 + 1 {
                    self.category_order[category] = order as u32 + 1;
                    cell.orders += 1;
                    if place.known && self.category_visit[category] != self.visit {
                        self.category_visit[category] = self.visit;
                        cell.active_customers += 1;
                        cell.new_customers += i64::from(place.new);
                        let after = self.course.lost_after;
                        self.category_seen.note(&mut self.course.category, place.at, category, after);
                    }
                }
            }
            let month = &mut self.course.products[product * months + place.at];
            if gross > 0 && returns == 0 {
                month.units += quantity;
                month.revenue += net;
            } else if net != 0 {
                month.other += net;
            }
        }
        // A line that was kept has what its job took.
        for job in facts.jobs_of(order).iter().filter(|job| job.came_back || job.line.is_none()) {
            let category = facts.category[job.product as usize] as usize;
            self.course.category.cell(place.at, category).cogs += job.counted_cost - job.standard_cost;
        }
    }

    fn merge(mut self, other: Scan<'f>) -> Scan<'f> {
        let (course, other) = (&mut self.course, other.course);
        course.all.add(&other.all);
        course.branch.add(&other.branch);
        course.category.add(&other.category);
        course.channel.add(&other.channel);
        course.won.iter_mut().zip(&other.won).for_each(|(won, other)| *won += other);
        for (cohort, other) in course.cohorts.iter_mut().zip(&other.cohorts) {
            cohort.customers += other.customers;
            cohort.gross_sales += other.gross_sales;
            cohort.net_sales += other.net_sales;
        }
        for (product, other) in course.products.iter_mut().zip(&other.products) {
            product.units += other.units;
            product.revenue += other.revenue;
            product.other += other.other;
        }
        self
    }
}
