// Writes the words by which our stemmers are compared with Snowball's own (2.x, as @orama/stemmers compiled them):
//   npm install --ignore-scripts @orama/stemmers@3.1.18 && node eng/stems.mjs > tests/Chancery.Search.Tests/Languages/stems.tsv
// Words are made up: stems of many shapes, with each ending that a language's rules know, and two of them joined.
const languages = {
  German: [
    'german',
    'haus käuf bauer wähl straß müß quell neu gärtner maß bäum jug feu bay yps',
    'e em en er ern es s st est ung ungen end ig igkeit isch lich lichkeit heit keit erheit enheit ig ik nis nisse nissen eig',
  ],
  French: [
    'french',
    'aim chant jou pay quell naïf noë par col tap frai crî bless aigu moyenn chou fin publi métier grand',
    'er é ée ées és ant ante antes ait aient ais ions iez ez a âmes ât i it is ie issait issement issements ment amment emment ement ements ité ités ation ations atrice ateur logie ution usions ence ances iste eux euse euses if ive ives aux eaux ion ier ière e es ique iqUes able abilité icité ativement',
  ],
  Spanish: [
    'spanish',
    'habl com viv arg averig pag oí niñ construy lleg pingü segu art vaí',
    'ar er ir ando iendo ándolo iéndose árselo arme ados idas aba ábamos aré arían ía ió ó a o os as es e é amente mente idad idades ivo ivas ativo ador aciones ación ución logía logías encia ancia anza ico ismo able ible ista oso amiento imiento gue guen yendo uyó ye yeron éis emos iésemos',
  ],
  Italian: [
    'italian',
    'parl cred dorm quest gioc qual guai pag chius aiuol citt pover stuoi bòsc',
    'are ere ire ando endo andolo arlo arsi ato ata ute ito ava avano erà erebbero iamo isco iscono mente amente azione azioni atore logia uzione usione enza amento imenti ità abilità ivo ativa anza ico iche ismo abile ibile ista oso atrice ante o a e i à ì ch he ghi',
  ],
  Portuguese: [
    'portuguese',
    'fal com part pagu naç caf irmã põe lin águ guei cant órg ciê quil',
    'ar er ir ando endo indo ado ida ava ávamos arei aria iam ou eu iu as es a o os ão ões ção ções ução uções amente mente idade idades ivo ivas ativo logia logias ência ências ância ante ador adora adores eza ico ismo ável ível ista oso amento imento ira eira iras ci gue que é ê ç',
  ],
  Dutch: [
    'dutch',
    'loop maan lez geel vrij yoghurt bed katt idee zoë mooi gem schijn wijz licham bruikb ruïn praat huis vlieg',
    'en ene s se e heid heden lijk lijke ing ingen end ig ige igheid baar bare bar eling ensheid jes tje ette dden kken eden cheid',
  ],
};

for (const [language, [module, stems, endings]] of Object.entries(languages)) {
  const { stemmer } = await import(`@orama/stemmers/${module}`);
  const all = endings.split(' ');
  const words = new Set();
  for (const [s, stem] of stems.split(' ').entries()) {
    words.add(stem);
    for (const [e, ending] of all.entries()) {
      words.add(stem + ending);
      if ((s + e) % 3 === 0) words.add(stem + all[(e + s * 7 + 5) % all.length] + ending);
    }
  }
  for (const word of [...words].sort()) console.log(`${language}\t${word}\t${stemmer(word)}`);
}
