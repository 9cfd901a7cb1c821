//! What mail programs and people write in many languages: one row each, written for the tests.

/// A language: how a quotation is introduced, the labels of a header block, a telephone's footer, and
/// what a person writes. Where a language has no decision words, its people write the English ones.
pub struct Tongue {
    pub name: &'static str,
    /// `{who}` is the sender.
    pub introduction: &'static str,
    /// From, sent, to, subject.
    pub labels: [&'static str; 4],
    pub footer: &'static str,
    pub approve: &'static str,
    pub reject: &'static str,
    /// A reason for a rejection.
    pub reason: &'static str,
    /// A remark that narrows nothing.
    pub remark: &'static str,
    /// One that does.
    pub condition: &'static str,
}

macro_rules! tongues {
    ($($name:literal: $introduction:literal, [$($label:literal),*], $footer:literal,
       $approve:literal $reject:literal, $reason:literal, $remark:literal, $condition:literal;)*) => {
        &[$(Tongue {
            name: $name,
            introduction: $introduction,
            labels: [$($label),*],
            footer: $footer,
            approve: $approve,
            reject: $reject,
            reason: $reason,
            remark: $remark,
            condition: $condition,
        }),*]
    };
}

pub const TONGUES: &[Tongue] = tongues! {
    "en": "On Thu, 19 Nov 2026 at 16:12, {who} wrote:", ["From", "Sent", "To", "Subject"], "Sent from my iPhone",
        "APPROVE" "REJECT", "the ticket is missing", "I talked to Bob about it", "Only while Carol watches";
    "de": "Am Do., 19. Nov. 2026 um 16:12 Uhr schrieb {who}:", ["Von", "Gesendet", "An", "Betreff"], "Von meinem iPhone gesendet",
        "Genehmigt" "Abgelehnt", "das Ticket fehlt", "Ich habe mit Bob gesprochen", "Nur solange Carol dabei ist";
    "fr": "Le jeu. 19 nov. 2026 à 16:12, {who} a écrit :", ["De", "Envoyé", "À", "Objet"], "Envoyé de mon iPhone",
        "Approuvé" "Refusé", "le ticket manque", "Vu avec Bob ce matin", "Mais avec Carol à côté";
    "es": "El jue, 19 nov 2026 a las 16:12, {who} escribió:", ["De", "Enviado", "Para", "Asunto"], "Enviado desde mi iPhone",
        "Aprobado" "Rechazado", "falta el ticket", "Ya hablé con Bob", "Siempre que Carol mire";
    "pt": "Em qui., 19 de nov. de 2026 às 16:12, {who} escreveu:", ["De", "Enviada em", "Para", "Assunto"], "Enviado do meu iPhone",
        "Aprovado" "Recusado", "falta o chamado", "Conversei com o Bob", "Se a Carol acompanhar";
    "it": "Il giorno gio 19 nov 2026 alle ore 16:12 {who} ha scritto:", ["Da", "Inviato", "A", "Oggetto"], "Inviato da iPhone",
        "Approvato" "Rifiutato", "manca il ticket", "Ne ho parlato con Bob", "Solo se Carol guarda";
    "nl": "Op do 19 nov 2026 om 16:12 schreef {who}:", ["Van", "Verzonden", "Aan", "Onderwerp"], "Verstuurd vanaf mijn iPhone",
        "Akkoord" "Afgewezen", "het ticket ontbreekt", "Met Bob besproken", "Mits Carol meekijkt";
    "pl": "czw., 19 lis 2026 o 16:12 {who} napisał(a):", ["Od", "Wysłano", "Do", "Temat"], "Wysłane z iPhone'a",
        "Zatwierdzam" "Odrzucam", "brak zgłoszenia", "Rozmawiałem z Bobem", "Pod warunkiem, że Carol patrzy";
    "sv": "Den tors 19 nov. 2026 kl 16:12 skrev {who}:", ["Från", "Skickat", "Till", "Ämne"], "Skickat från min iPhone",
        "Godkänt" "Avslås", "ärendet saknas", "Har pratat med Bob", "Bara med Carol bredvid";
    "tr": "{who}, 19 Kas 2026 Per, 16:12 tarihinde şunu yazdı:", ["Kimden", "Gönderildi", "Kime", "Konu"], "iPhone'umdan gönderildi",
        "Onaylandı" "Reddedildi", "kayıt eksik", "Bob ile konuştum", "Sadece Carol varken";
    "ja": "2026年11月19日(木) 16:12 {who}:", ["差出人", "送信日時", "宛先", "件名"], "iPhoneから送信",
        "承認します" "却下します", "申請書がありません", "ボブさんと話しました", "キャロルさんがいる場合に限ります";
    "zh": "{who} 于2026年11月19日周四 16:12写道：", ["发件人", "发送时间", "收件人", "主题"], "发自我的iPhone",
        "批准" "拒绝", "没有工单", "已与Bob沟通", "但卡罗尔要在场";
    "zh-Hant": "{who} 於 2026年11月19日 週四 下午4:12寫道：", ["寄件者", "寄件日期", "收件者", "主旨"], "從我的 iPhone 傳送",
        "核准" "駁回", "沒有工單", "已與Bob談過", "但是卡羅要在場";
    "da": "Den tor. 19. nov. 2026 kl. 16.12 skrev {who}:", ["Fra", "Sendt", "Til", "Emne"], "Sendt fra min iPhone",
        "APPROVE" "REJECT", "sagen mangler", "Har talt med Bob", "Kun hvis Carol ser med";
    "nb": "tor. 19. nov. 2026 kl. 16:12 skrev {who}:", ["Fra", "Sendt", "Til", "Emne"], "Sendt fra min iPhone",
        "Approved" "Rejected", "saken mangler", "Har snakket med Bob", "Kun hvis Carol ser på";
    "fi": "to 19. marrask. 2026 klo 16.12 {who} kirjoitti:", ["Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"], "Lähetetty iPhonesta",
        "Approve" "Disapprove", "tiketti puuttuu", "Puhuin Bobin kanssa", "Only when Carol is there";
    "cs": "čt 19. 11. 2026 v 16:12 odesílatel {who} napsal:", ["Od", "Odesláno", "Komu", "Předmět"], "Odesláno z iPhonu",
        "APPROVE" "REJECT", "chybí tiket", "Mluvil jsem s Bobem", "Pouze s Carol";
    "sk": "št 19. 11. 2026 o 16:12 {who} napísal(a):", ["Od", "Odoslané", "Komu", "Predmet"], "Odoslané z iPhonu",
        "APPROVE" "REJECT", "chýba tiket", "Hovoril som s Bobom", "But with Carol";
    "hu": "{who} ezt írta (időpont: 2026. nov. 19., Cs, 16:12):", ["Feladó", "Elküldve", "Címzett", "Tárgy"], "Elküldve iPhone-omról",
        "APPROVE" "REJECT", "hiányzik a jegy", "Bobbal beszéltem", "Unless Carol objects";
    "ro": "În joi, 19 nov. 2026 la 16:12, {who} a scris:", ["De la", "Trimis", "Către", "Subiect"], "Trimis de pe iPhone",
        "APPROVE" "REJECT", "lipsește tichetul", "Am vorbit cu Bob", "Provided Carol is there";
    "bg": "На чт, 19.11.2026 г. в 16:12 {who} написа:", ["От", "Изпратено", "До", "Относно"], "Sent from my iPhone",
        "APPROVE" "REJECT", "липсва заявка", "Говорих с Боб", "Только с Керъл";
    "hr": "čet, 19. stu 2026. u 16:12 {who} napisao je:", ["Od", "Poslano", "Prima", "Predmet"], "Sent from my iPhone",
        "APPROVE" "REJECT", "nedostaje zahtjev", "Razgovarao sam s Bobom", "As long as Carol watches";
    "sl": "V čet., 19. nov. 2026 ob 16:12 je oseba {who} napisala:", ["Od", "Poslano", "Za", "Zadeva"], "Sent from my iPhone",
        "APPROVE" "REJECT", "manjka zahtevek", "Govoril sem z Bobom", "Max. one hour";
    "sr": "чет, 19. нов 2026. у 16:12 {who} је написао/ла:", ["Од", "Послато", "За", "Предмет"], "Sent from my iPhone",
        "APPROVE" "REJECT", "недостаје захтев", "Разговарао сам с Бобом", "Not on Fridays";
    "el": "Στις Πέμ 19 Νοε 2026 στις 4:12 μ.μ., ο χρήστης {who} έγραψε:", ["Από", "Στάλθηκε", "Προς", "Θέμα"], "Στάλθηκε από το iPhone μου",
        "APPROVE" "REJECT", "λείπει το αίτημα", "Μίλησα με τον Μπομπ", "But read-only";
    "ru": "чт, 19 нояб. 2026 г. в 16:12, {who}:", ["От", "Отправлено", "Кому", "Тема"], "Отправлено с iPhone",
        "APPROVE" "REJECT", "нет заявки", "Я говорил с Бобом", "Но только вместе с Кэрол";
    "uk": "чт, 19 лист. 2026 р. о 16:12 {who} пише:", ["Від", "Надіслано", "Кому", "Тема"], "Надіслано з iPhone",
        "APPROVE" "REJECT", "немає заявки", "Розмовляв з Бобом", "Except the payroll";
    "he": "בתאריך יום ה׳, 19 בנוב׳ 2026 ב-16:12 מאת {who} כתב:", ["מאת", "נשלח", "אל", "נושא"], "נשלח מה-iPhone שלי",
        "APPROVE" "REJECT", "חסרה בקשה", "דיברתי עם בוב", "Only with Carol";
    "ar": "في الخميس، 19 نوفمبر 2026 16:12 كتب {who}:", ["من", "تم الإرسال", "إلى", "الموضوع"], "أرسلت من الـ iPhone",
        "APPROVE" "REJECT", "التذكرة مفقودة", "تحدثت مع بوب", "Only with Carol";
    "hi": "गुरु, 19 नव॰ 2026 को 4:12 pm बजे {who} ने लिखा:", ["प्रेषक", "भेजा गया", "प्रति", "विषय"], "Sent from my iPhone",
        "APPROVE" "REJECT", "टिकट नहीं है", "मैंने बॉब से बात की", "If Carol agrees";
    "th": "เมื่อ พฤ. 19 พ.ย. 2026 เวลา 16:12 {who} เขียนว่า:", ["จาก", "ส่ง", "ถึง", "เรื่อง"], "ส่งจาก iPhone ของฉัน",
        "APPROVE" "REJECT", "ไม่มีตั๋ว", "คุยกับบ๊อบแล้ว", "No longer than planned";
    "vi": "Vào Th 5, 19 thg 11, 2026 vào lúc 16:12 {who} đã viết:", ["Từ", "Đã gửi", "Đến", "Chủ đề"], "Đã gửi từ iPhone của tôi",
        "APPROVE" "REJECT", "thiếu phiếu", "Tôi đã nói với Bob", "Limited to the replica";
    "id": "Pada Kam, 19 Nov 2026 pukul 16.12 {who} menulis:", ["Dari", "Dikirim", "Kepada", "Perihal"], "Dikirim dari iPhone saya",
        "APPROVE" "REJECT", "tiket tidak ada", "Sudah bicara dengan Bob", "However Carol must watch";
    "ko": "2026년 11월 19일 (목) 오후 4:12, {who}님이 작성:", ["보낸 사람", "보낸 날짜", "받는 사람", "제목"], "나의 iPhone에서 보냄",
        "APPROVE" "REJECT", "티켓이 없음", "밥과 이야기함", "캐럴이 있는 경우에만";
    "ca": "El dj., 19 de nov. 2026 a les 16:12, {who} va escriure:", ["De", "Enviat", "Per a", "Assumpte"], "Enviat des del meu iPhone",
        "APPROVE" "REJECT", "falta el tiquet", "He parlat amb en Bob", "Until Carol says stop";
    "lt": "2026-11-19, kt, 16:12 {who} rašė:", ["Nuo", "Išsiųsta", "Kam", "Tema"], "Sent from my iPhone",
        "APPROVE" "REJECT", "trūksta bilieto", "Kalbėjau su Bobu", "Pending Carol's word";
};
