//! What exports call our columns, in English and Indonesian.

/// The names of a column of a table.
pub fn names_of(table: &str, column: &str) -> Option<&'static Names> {
    let in_table = |names: &&Names| names.tables.is_empty() || names.tables.contains(&table);
    NAMES.iter().filter(|names| names.column == column).find(in_table)
}

/// The words for a column, best first, and the thing it belongs to.
pub struct Names {
    /// The tables it is in; empty: all others.
    tables: &'static [&'static str],
    column: &'static str,
    /// What may stand before or after the words (`product category`, `kota pelanggan`).
    pub thing: &'static [&'static str],
    /// The words, best first, parted by blanks.
    pub words: &'static str,
}

const PRODUCT: &[&str] = &["product", "produk", "item", "barang", "brg", "sku", "article", "stock"];
const CUSTOMER: &[&str] = &[
    "customer",
    "cust",
    "pelanggan",
    "client",
    "klien",
    "member",
    "konsumen",
    "nasabah",
    "buyer",
    "pembeli",
    "langganan",
    "plg",
];
const ORDER: &[&str] = &[
    "order",
    "pesanan",
    "invoice",
    "faktur",
    "nota",
    "transaksi",
    "transaction",
    "sales",
    "sale",
    "penjualan",
    "trx",
    "bukti",
    "struk",
    "receipt",
    "dokumen",
];
const BRANCH: &[&str] = &["branch", "cabang", "store", "toko", "outlet", "shop", "gerai"];
const AGENT: &[&str] = &["agent", "agen", "employee", "karyawan", "pegawai", "staff", "staf", "petugas"];
const INTERACTION: &[&str] = &["interaction", "interaksi", "contact", "kontak", "call", "ticket", "tiket", "kejadian"];
const NONE: &[&str] = &[];

const fn names(column: &'static str, thing: &'static [&'static str], words: &'static str) -> Names {
    Names { tables: &[], column, thing, words }
}

const fn names_in(
    tables: &'static [&'static str],
    column: &'static str,
    thing: &'static [&'static str],
    words: &'static str,
) -> Names {
    Names { tables, column, thing, words }
}

/// Entries for named tables go before those for all.
const NAMES: &[Names] = &[
    names(
        "order_id",
        ORDER,
        "order_id invoice_no invoice_number invoice_id order_no order_number invoice no_faktur nomor_faktur faktur no_nota nomor_nota nota no_transaksi nomor_transaksi id_transaksi kode_transaksi transaksi transaction_id transaction_no receipt_no receipt_id receipt bill_no sales_order_number sales_order basket_id basket_no cart_id no_pesanan id_pesanan nomor_pesanan pesanan no_order id_order trx_id no_trx struk no_struk no_bukti bukti order document_no document_number billing_doc billing_document sales_document sales_doc no_dokumen nomor_dokumen voucher_no number nomor",
    ),
    names(
        "customer_id",
        CUSTOMER,
        "customer_id customer_no customer_key customer_number customer_code id_pelanggan kode_pelanggan no_pelanggan nomor_pelanggan customer pelanggan cust_id member_id member_number member_no no_member id_member kode_member client_id id_klien id_konsumen id_nasabah buyer_id account_id account_no user_id household_id household_key username username_pembeli sold_to sold_to_party co_last_name",
    ),
    names(
        "product_id",
        PRODUCT,
        "product_id product_key product_code stock_code sku kode_barang kode_produk id_barang id_produk item_id item_code item_no article_no article plu barcode product_no part_no kode_item material material_no product produk barang item",
    ),
    names(
        "branch_id",
        BRANCH,
        "branch_id branch_code store_id store_no kode_cabang id_cabang no_cabang cabang branch outlet_id kode_outlet id_toko kode_toko toko outlet store shop_id unit_usaha kd_cabang plant",
    ),
    names_in(
        &["agents"],
        "agent_id",
        AGENT,
        "agent_id employee_id id_petugas kode_petugas id_karyawan nip staff_id id_agen kode_agen sales_agent agent id_pegawai kode_karyawan salesperson_id id_sales kode_sales",
    ),
    names(
        "agent_id",
        AGENT,
        "agent_id agent id_petugas petugas id_agen kode_agen agen account_manager pic kode_petugas employee_id id_karyawan handled_by salesperson_id id_sales kode_sales",
    ),
    names(
        "staff_id",
        AGENT,
        "staff_id employee_id cashier_id cashier kasir id_kasir kode_kasir salesperson salesperson_id sales_agent pramuniaga id_karyawan kode_karyawan id_petugas petugas dilayani_oleh served_by staff employee pegawai id_pegawai",
    ),
    names(
        "referrer_id",
        NONE,
        "referrer_id referrer referred_by dirujuk_oleh direferensikan_oleh pengajak id_perujuk perujuk id_referensi referensi kode_referral referral_id referal",
    ),
    names(
        "line_no",
        NONE,
        "line_no line_number line order_line_item order_line order_item_id baris no_baris nomor_baris line_id no_urut urutan sequence seq item_seq row_in_order",
    ),
    names(
        "ordered_at",
        ORDER,
        "ordered_at order_date invoice_date transaction_date tanggal_transaksi tgl_transaksi waktu_transaksi tanggal_faktur tgl_faktur tanggal_nota tgl_nota tanggal_pesan tanggal_order order_time order_datetime tanggal tgl waktu datetime timestamp date sale_date sales_date purchase_date created_at the_date sold_at sold_on time waktu_pesanan_dibuat waktu_pesanan billing_date tanggal_pembayaran waktu_pembayaran",
    ),
    names(
        "quantity",
        NONE,
        "quantity qty kuantitas kuantiti kts kwantitas kuantum jumlah banyaknya banyak units unit_sales order_quantity order_qty jumlah_barang jml qty_sold pcs units_sold volume number_of_units billed_qty billed_quantity jumlah_produk_dibeli jumlah_dibeli",
    ),
    names(
        "unit_price",
        NONE,
        "unit_price price_per_unit harga_setelah_diskon harga_satuan harga price selling_price sales_price sell_price item_price harga_jual harga_per_unit harga_unit hrg_satuan hrg",
    ),
    names(
        "list_price",
        PRODUCT,
        "list_price price unit_price harga harga_jual harga_daftar harga_satuan sales_price selling_price retail_price msrp srp",
    ),
    names(
        "unit_cost",
        PRODUCT,
        "unit_cost standard_cost cost cost_price hpp harga_pokok harga_beli harga_modal modal biaya_pokok cogs",
    ),
    names(
        "discount",
        NONE,
        "discount discount_amount line_discount diskon potongan potongan_harga rabat nilai_diskon discount_value disc",
    ),
    names(
        "discount_rate",
        NONE,
        "discount_rate discount disc diskon potongan rabat tarif_diskon discount_pct disc_pct discount_percent persen_diskon diskon_persen",
    ),
    names(
        "discount_percent",
        NONE,
        "discount_percent discount_percentage discount_pct disc_pct disc_percent disc_persen discount_persen unit_price_discount_pct persen_diskon diskon_persen persen_potongan potongan_persen",
    ),
    names(
        "line_total",
        NONE,
        "line_total line_amount total_price extended_price extended_amount ext_price sales_amount sales store_sales sales_value net_amount net_sales total_sales subtotal sub_total total_amount amount total revenue jumlah_harga total_harga harga_total sub_total_harga nilai_penjualan total_penjualan omzet omset nilai line_value amount_paid dollar_sales net_value spend jumlah",
    ),
    names(
        "line_cost",
        NONE,
        "line_cost total_cost total_product_cost store_cost cost_total cost_amount cost_of_sales total_hpp total_modal jumlah_hpp nilai_pokok cogs",
    ),
    names(
        "line_profit",
        NONE,
        "line_profit profit gross_profit laba laba_kotor keuntungan untung margin_amount gross_margin margin profit_amount",
    ),
    names("returned", NONE, "returned is_returned retur dikembalikan is_return return_flag status_retur"),
    names("channel", ORDER, "channel sales_channel kanal saluran order_channel channel_penjualan"),
    names(
        "payment",
        ORDER,
        "payment payment_method payment_type metode_bayar metode_pembayaran cara_bayar pembayaran jenis_pembayaran jenis_bayar pay_method tender bayar",
    ),
    names_in(
        &["orders", "flat"],
        "status",
        ORDER,
        "status order_status status_pesanan status_transaksi status_order status_faktur status_terakhir keadaan state_of_order",
    ),
    names_in(&["interactions"], "status", INTERACTION, "status keadaan state hasil"),
    names(
        "product_name",
        PRODUCT,
        "product_name description nama_barang nama_produk item_name item_description product_description deskripsi keterangan_barang uraian product item barang produk nama_item nama_brg",
    ),
    names_in(
        &["products"],
        "name",
        PRODUCT,
        "product_name name nama nama_barang nama_produk item_name description deskripsi label labels title item_description product_description uraian",
    ),
    names_in(
        &["customers"],
        "contract_start",
        NONE,
        "contract_start contract_start_date subscription_start subscribed_on mulai_kontrak tanggal_mulai_kontrak",
    ),
    names_in(
        &["customers"],
        "contract_end",
        NONE,
        "contract_end contract_end_date subscription_end cancelled_on akhir_kontrak tanggal_akhir_kontrak",
    ),
    names_in(
        &["customers"],
        "contract_months",
        NONE,
        "contract_months tenure tenure_months lama_kontrak bulan_kontrak",
    ),
    names_in(
        &["customers"],
        "contract_ended",
        NONE,
        "contract_ended churn churned has_churned berhenti kontrak_berakhir",
    ),
    names_in(&["customers"], "contract_type", NONE, "contract_type contract subscription_type jenis_kontrak kontrak"),
    names_in(&["customers"], "contract_service", NONE, "contract_service internet_service layanan jenis_layanan"),
    names_in(&["customers"], "contract_payment", NONE, "contract_payment payment_method cara_bayar metode_pembayaran"),
    names_in(
        &["customers"],
        "monthly_charge",
        NONE,
        "monthly_charge monthly_charges monthly_fee monthly_price biaya_bulanan tagihan_bulanan",
    ),
    names_in(
        &["customers"],
        "name",
        CUSTOMER,
        "name customer_name full_name fullname nama nama_pelanggan nama_lengkap company_name nama_perusahaan contact_name display_name",
    ),
    names(
        "customer_name",
        CUSTOMER,
        "customer_name full_name nama_pelanggan nama_pembeli nama_konsumen nama_customer customer company_name",
    ),
    names_in(&["branches"], "name", BRANCH, "name branch_name store_name nama nama_cabang nama_toko nama_outlet"),
    names_in(
        &["agents"],
        "name",
        AGENT,
        "name full_name nama nama_petugas nama_karyawan nama_lengkap nama_agen employee_name",
    ),
    names(
        "category",
        PRODUCT,
        "category product_category category_name kategori kategori_barang kategori_produk golongan jenis_barang department departemen product_department product_family segment_produk kelompok",
    ),
    names(
        "subcategory",
        PRODUCT,
        "subcategory sub_category product_subcategory subcategory_name subkategori sub_kategori sub_golongan subkelompok",
    ),
    names("brand", PRODUCT, "brand brand_name merek merk manufacturer"),
    names("tier", PRODUCT, "tier grade kelas mutu quality tingkat"),
    names(
        "stock",
        NONE,
        "stock stok units_in_stock stock_on_hand on_hand persediaan sisa_stok qty_on_hand jumlah_stok",
    ),
    names_in(&["branches"], "city", BRANCH, "city kota town kabupaten lokasi location"),
    names("city", CUSTOMER, "city kota town kabupaten kota_pelanggan domisili country negara"),
    names(
        "phone",
        CUSTOMER,
        "phone phone_number telephone telepon telpon no_telepon nomor_telepon no_telp telp tlp no_hp hp nomor_hp handphone mobile mobile_phone phone1 whatsapp wa no_wa",
    ),
    names("email", CUSTOMER, "email e_mail email_address alamat_email surel"),
    names("birth_date", NONE, "birth_date birthdate date_of_birth dob tanggal_lahir tgl_lahir birthday"),
    names(
        "registered_on",
        CUSTOMER,
        "registered_on registration_date registered_at tanggal_daftar tgl_daftar terdaftar_sejak terdaftar tanggal_registrasi tanggal_gabung tgl_gabung join_date joined_on joined signup_date sign_up_date member_since created_at date_created date_accnt_opened",
    ),
    names(
        "consent_email",
        NONE,
        "consent_email email_consent email_opt_in optin_email izin_email setuju_email boleh_email persetujuan_email accepts_email",
    ),
    names(
        "consent_sms",
        NONE,
        "consent_sms sms_consent sms_opt_in optin_sms izin_sms setuju_sms boleh_sms persetujuan_sms izin_wa boleh_wa consent_whatsapp accepts_sms",
    ),
    names(
        "consent_call",
        NONE,
        "consent_call call_consent phone_opt_in optin_call izin_telepon setuju_telepon boleh_telepon boleh_ditelepon persetujuan_telepon izin_telp boleh_telp accepts_calls consent_phone",
    ),
    names(
        "party_class",
        CUSTOMER,
        "party_class golongan_pelanggan jenis_pelanggan customer_type tipe_pelanggan customer_class kelas_pelanggan jenis_pihak golongan",
    ),
    names("opened_on", BRANCH, "opened_on open_date opening_date first_opened_date tanggal_buka tgl_buka dibuka"),
    names(
        "administrator",
        NONE,
        "administrator admin manager store_manager kepala_cabang penanggung_jawab pengelola admin_data",
    ),
    names("daily_capacity", NONE, "daily_capacity capacity kapasitas_harian kapasitas kontak_per_hari"),
    names(
        "started_on",
        AGENT,
        "started_on start_date hire_date hired_on tanggal_masuk tgl_masuk mulai_kerja mulai_bekerja tanggal_mulai mulai",
    ),
    names(
        "interaction_id",
        INTERACTION,
        "interaction_id id_interaksi no_interaksi kode_interaksi ticket_id ticket_no no_tiket call_id complaint_id no_keluhan contact_id id_kontak event_id",
    ),
    names(
        "at",
        INTERACTION,
        "at tanggal tgl waktu date datetime timestamp call_date contact_date tanggal_kontak tanggal_kejadian waktu_kejadian created_at happened_at",
    ),
    names_in(
        &["interactions"],
        "kind",
        INTERACTION,
        "kind type jenis jenis_interaksi interaction_type tipe category kategori",
    ),
    names("contact_id", NONE, "contact_id queue_key kunci_antrean id_kontak_hasil"),
    names("rule", NONE, "rule queue_rule alasan_antrean aturan"),
    names("outcome", NONE, "outcome contact_outcome hasil_kontak hasil_panggilan"),
    names("in_control", NONE, "in_control control_group kelompok_kontrol"),
    names("kind", NONE, "kind type jenis tipe identifier_type jenis_identitas jenis_pengenal"),
    names(
        "value",
        NONE,
        "value nilai number nomor identifier identitas nomor_identitas pengenal plate plat nomor_polisi no_polisi nopol card_no no_kartu",
    ),
    names("minutes", NONE, "minutes duration_minutes durasi_menit lama_menit menit durasi duration"),
    names(
        "text",
        NONE,
        "text note notes catatan isi keterangan comment komentar message pesan uraian remark isi_pesan",
    ),
    names("month", NONE, "month bulan period periode year_month tahun_bulan masa"),
    names(
        "pool",
        NONE,
        "pool cost_pool activity aktivitas kegiatan jenis_biaya pusat_biaya kelompok_biaya pos_biaya pos cost_center biaya kolam_biaya",
    ),
    names_in(
        &["activity_costs"],
        "amount",
        NONE,
        "amount cost jumlah nilai biaya jumlah_biaya total rupiah nominal value",
    ),
    names(
        "amount",
        NONE,
        "amount total total_amount nilai jumlah_nilai omzet omset nominal total_penjualan total_nilai jumlah_rupiah rupiah sum_amount jumlah",
    ),
    names(
        "account",
        NONE,
        "account account_id account_no account_code gl_account akun kode_akun no_akun rekening kode_rekening",
    ),
    names("valid_from", NONE, "valid_from effective_from effective_date berlaku_mulai berlaku_sejak mulai_berlaku"),
    names("rate", NONE, "rate rate_name tarif nama_tarif jenis_tarif"),
    names("material_cost", NONE, "material_cost biaya_bahan biaya_material bahan"),
    names("labour_hours", NONE, "labour_hours labor_hours jam_kerja jam_orang man_hours"),
    names("machine_hours", NONE, "machine_hours jam_mesin"),
    names("rejected_units", NONE, "rejected_units scrap_units unit_gagal unit_rusak cacat scrap"),
    names("party_id", CUSTOMER, "party_id business_partner_id bp_id kode_pihak id_pihak kode_mitra id_mitra"),
    names("coupon", NONE, "coupon coupon_amount voucher voucher_amount kupon potongan_kupon nilai_kupon nilai_voucher"),
    names("rebate", NONE, "rebate rebate_amount bonus_amount nilai_rabat rabat_pesanan"),
    names("freight", NONE, "freight freight_cost shipping_cost ongkir ongkos_kirim biaya_kirim biaya_pengiriman"),
    names("promotion", NONE, "promotion_amount promo_amount promo_discount potongan_promo nilai_promo diskon_promo"),
    names("day", NONE, "day tanggal tgl date hari business_date control_date"),
    names("entity", NONE, "entity entitas jenis_data dataset table_name jenis objek tabel"),
    names(
        "rows",
        NONE,
        "rows row_count jumlah_baris n_rows baris jumlah_data jumlah_transaksi jumlah_nota count record_count jumlah_faktur faktur transaksi order_count orders n_orders",
    ),
    // What the office writes for Langgan bears Langgan's names, or Indonesian ones.
    names("stated_total", NONE, "stated_total total_faktur total_nota"),
    names("date", NONE, "date tanggal tgl"),
    names("id_hash", NONE, "id_hash total_hash hash_total"),
    names("first_document", NONE, "first_document faktur_pertama nomor_pertama"),
    names("last_document", NONE, "last_document faktur_terakhir nomor_terakhir"),
    names("document_id", NONE, "document_id no_dokumen nomor_dokumen no_faktur"),
    names("id", NONE, "id nomor"),
    names("column", NONE, "column kolom"),
    names("was", NONE, "was sebelum nilai_lama salah"),
    names("now", NONE, "now sesudah nilai_baru benar seharusnya"),
    names("reason", NONE, "reason alasan sebab"),
    names("by", NONE, "by oleh"),
    names("competitor", NONE, "competitor competitor_name pesaing nama_pesaing kompetitor nama_kompetitor rival"),
    names(
        "market_sales",
        NONE,
        "market_sales competitor_sales penjualan_pasar penjualan_pesaing penjualan_kompetitor omzet_pesaing sales penjualan",
    ),
    names_in(&["market"], "price", NONE, "price harga harga_pesaing competitor_price harga_kompetitor harga_rata_rata"),
];
