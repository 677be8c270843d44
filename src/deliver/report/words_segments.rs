//! Words about segments: key -> (Indonesian, English).

#[rustfmt::skip]
pub(super) const WORDS: &[(&str, &str, &str)] = &[
    ("segment.active", "Aktif", "Active"),
    ("segment.needs_attention", "Perlu perhatian", "Needs attention"),
    ("segment.almost_lost", "Hampir hilang", "Almost lost"),
    ("segment.previously_loyal", "Dulu setia", "Previously loyal"),
    ("segment.dormant", "Tidak aktif", "Dormant"),
    ("contribution_share", "% kontribusi", "% of contribution"),
    ("segments_lead_contribution", "{segment} adalah {share} dari pelanggan dan menyumbang {sales} dari kontribusi.", "{segment} are {share} of customers and bring {sales} of contribution."),
    ("segment_then", "Dulu", "Then"),
    ("segment_now", "Sekarang", "Now"),
    ("segment_came", "Baru datang", "Came"),
    ("segment_went", "Sudah pergi", "Went"),
    ("segment_other", "Juga di", "Also in"),
    ("money_then", "Nilai dulu", "Value then"),
    ("money_now", "Nilai sekarang", "Value now"),
    ("moves_title", "Perpindahan segmen sejak {day}", "Moves between segments since {day}"),
    ("moves_lead", "{all} pelanggan ({all_money}) berpindah segmen: {own} ({own_money}) karena mereka sendiri membeli atau diam, {cuts} ({cuts_money}) hanya karena batas skor bergeser, {both} ({both_money}) karena keduanya. {came} datang ({came_money}), {went} pergi ({went_money}).", "{all} customers ({all_money}) changed segment: {own} ({own_money}) because they themselves bought or kept away, {cuts} ({cuts_money}) only because the cut-points moved, {both} ({both_money}) for both reasons. {came} came ({came_money}), {went} went ({went_money})."),
    ("moves_lead_ties", "{all} pelanggan ({all_money}) berpindah segmen: {own} ({own_money}) karena mereka sendiri membeli atau diam, {cuts} ({cuts_money}) hanya karena batas skor bergeser, {both} ({both_money}) karena keduanya, {ties} ({ties_money}) hanya karena nilai yang sama dibagi menurut ID. {came} datang ({came_money}), {went} pergi ({went_money}).", "{all} customers ({all_money}) changed segment: {own} ({own_money}) because they themselves bought or kept away, {cuts} ({cuts_money}) only because the cut-points moved, {both} ({both_money}) for both reasons, {ties} ({ties_money}) only because equal values are split by id. {came} came ({came_money}), {went} went ({went_money})."),
    ("moves_note", "Jumlah pelanggan, dari segmen dulu (baris) ke segmen sekarang (kolom). Makin gelap, makin besar bagian barisnya.", "Numbers of customers, from the segment then (rows) to the segment now (columns). The darker, the larger the part of its row."),
    ("streams_title", "Arus terbesar", "The largest streams"),
    ("own_segments_title", "Segmen sendiri", "Own segments"),
    ("overlaps_title", "Pelanggan di dua segmen", "Customers in two segments"),
];
