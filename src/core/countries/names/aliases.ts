/** ISO 3166-1 alpha-3 codes (and XKX, in use for Kosovo), "AA:AAA" by alpha-2 code. */
const pairs =
  'AD:AND AE:ARE AF:AFG AG:ATG AI:AIA AL:ALB AM:ARM AO:AGO AQ:ATA AR:ARG AS:ASM AT:AUT AU:AUS AW:ABW ' +
  'AX:ALA AZ:AZE BA:BIH BB:BRB BD:BGD ' +
  'BE:BEL BF:BFA BG:BGR BH:BHR BI:BDI BJ:BEN BL:BLM BM:BMU BN:BRN BO:BOL BQ:BES BR:BRA BS:BHS BT:BTN ' +
  'BV:BVT BW:BWA BY:BLR BZ:BLZ CA:CAN ' +
  'CC:CCK CD:COD CF:CAF CG:COG CH:CHE CI:CIV CK:COK CL:CHL CM:CMR CN:CHN CO:COL CR:CRI CU:CUB CV:CPV ' +
  'CW:CUW CX:CXR CY:CYP CZ:CZE DE:DEU ' +
  'DJ:DJI DK:DNK DM:DMA DO:DOM DZ:DZA EC:ECU EE:EST EG:EGY EH:ESH ER:ERI ES:ESP ET:ETH FI:FIN FJ:FJI ' +
  'FK:FLK FM:FSM FO:FRO FR:FRA GA:GAB ' +
  'GB:GBR GD:GRD GE:GEO GF:GUF GG:GGY GH:GHA GI:GIB GL:GRL GM:GMB GN:GIN GP:GLP GQ:GNQ GR:GRC GS:SGS ' +
  'GT:GTM GU:GUM GW:GNB GY:GUY HK:HKG ' +
  'HM:HMD HN:HND HR:HRV HT:HTI HU:HUN ID:IDN IE:IRL IL:ISR IM:IMN IN:IND IO:IOT IQ:IRQ IR:IRN IS:ISL ' +
  'IT:ITA JE:JEY JM:JAM JO:JOR JP:JPN ' +
  'KE:KEN KG:KGZ KH:KHM KI:KIR KM:COM KN:KNA KP:PRK KR:KOR KW:KWT KY:CYM KZ:KAZ LA:LAO LB:LBN LC:LCA ' +
  'LI:LIE LK:LKA LR:LBR LS:LSO LT:LTU ' +
  'LU:LUX LV:LVA LY:LBY MA:MAR MC:MCO MD:MDA ME:MNE MF:MAF MG:MDG MH:MHL MK:MKD ML:MLI MM:MMR MN:MNG ' +
  'MO:MAC MP:MNP MQ:MTQ MR:MRT MS:MSR ' +
  'MT:MLT MU:MUS MV:MDV MW:MWI MX:MEX MY:MYS MZ:MOZ NA:NAM NC:NCL NE:NER NF:NFK NG:NGA NI:NIC NL:NLD ' +
  'NO:NOR NP:NPL NR:NRU NU:NIU NZ:NZL ' +
  'OM:OMN PA:PAN PE:PER PF:PYF PG:PNG PH:PHL PK:PAK PL:POL PM:SPM PN:PCN PR:PRI PS:PSE PT:PRT PW:PLW ' +
  'PY:PRY QA:QAT RE:REU RO:ROU RS:SRB ' +
  'RU:RUS RW:RWA SA:SAU SB:SLB SC:SYC SD:SDN SE:SWE SG:SGP SH:SHN SI:SVN SJ:SJM SK:SVK SL:SLE SM:SMR ' +
  'SN:SEN SO:SOM SR:SUR SS:SSD ST:STP ' +
  'SV:SLV SX:SXM SY:SYR SZ:SWZ TC:TCA TD:TCD TF:ATF TG:TGO TH:THA TJ:TJK TK:TKL TL:TLS TM:TKM TN:TUN ' +
  'TO:TON TR:TUR TT:TTO TV:TUV TW:TWN ' +
  'TZ:TZA UA:UKR UG:UGA UM:UMI US:USA UY:URY UZ:UZB VA:VAT VC:VCT VE:VEN VG:VGB VI:VIR VN:VNM VU:VUT ' +
  'WF:WLF WS:WSM XK:XKX YE:YEM YT:MYT ' +
  'ZA:ZAF ZM:ZMB ZW:ZWE';

/** Alpha-3 code by alpha-2 code. */
export const alpha3Codes: ReadonlyMap<string, string> = new Map(
  pairs.split(' ').map((pair) => [pair.slice(0, 2), pair.slice(3)]),
);

/**
 * What else people call a country: former, official and short names, and parts that are asked for as if they were
 * countries.
 */
export const countryAliases: Readonly<Record<string, readonly string[]>> = {
  AE: ['UAE', 'Emirates', 'Dubai', 'Abu Dhabi'],
  AX: ['Aland'],
  BA: ['Bosnia', 'BiH'],
  BL: ['Saint Barts', 'St. Barts'],
  BN: ['Brunei Darussalam'],
  BQ: ['Bonaire', 'Sint Eustatius', 'Saba', 'BES Islands'],
  CC: ['Keeling Islands', 'Cocos (Keeling) Islands'],
  CD: ['DRC', 'Democratic Republic of the Congo', 'Congo-Kinshasa', 'Zaire'],
  CF: ['CAR'],
  CG: ['Congo-Brazzaville', 'Congo Republic'],
  CH: ['Swiss Confederation'],
  CI: ["Côte d'Ivoire"],
  CN: ["People's Republic of China", 'PRC', 'Mainland China'],
  CV: ['Cabo Verde'],
  CZ: ['Czechia'],
  DE: ['Deutschland'],
  EH: ['Sahrawi Republic', 'SADR'],
  ES: ['España'],
  FK: ['Malvinas'],
  FM: ['Federated States of Micronesia'],
  GB: ['UK', 'Britain', 'Great Britain', 'England', 'Scotland', 'Wales', 'Northern Ireland'],
  GM: ['The Gambia'],
  GR: ['Hellas'],
  GS: ['South Sandwich Islands'],
  HK: ['Hongkong'],
  IE: ['Republic of Ireland', 'Éire'],
  IO: ['Diego Garcia', 'Chagos Islands', 'BIOT'],
  IR: ['Islamic Republic of Iran'],
  KG: ['Kyrgyz Republic'],
  KH: ['Kampuchea'],
  KN: ['Saint Kitts', 'Nevis'],
  KP: ['DPRK', "Democratic People's Republic of Korea", 'Korea, North'],
  KR: ['ROK', 'Republic of Korea', 'Korea, South'],
  LA: ['Lao PDR', "Lao People's Democratic Republic"],
  LK: ['Ceylon'],
  MD: ['Republic of Moldova', 'Transnistria'],
  MF: ['Saint-Martin'],
  MK: ['Macedonia', 'FYROM'],
  MM: ['Burma'],
  MO: ['Macau'],
  MP: ['Saipan'],
  NL: ['Holland'],
  NZ: ['Aotearoa'],
  PF: ['Tahiti'],
  PM: ['Saint-Pierre', 'Miquelon'],
  PN: ['Pitcairn'],
  PS: ['Palestinian Territories', 'Occupied Palestinian Territory', 'State of Palestine', 'West Bank'],
  PT: ['Madeira', 'Azores'],
  RE: ['La Réunion'],
  RU: ['Russian Federation'],
  SA: ['KSA'],
  SH: ['Ascension Island', 'Tristan da Cunha'],
  SJ: ['Svalbard', 'Jan Mayen', 'Spitsbergen'],
  SK: ['Slovak Republic'],
  ST: ['São Tomé', 'Príncipe'],
  SX: ['Saint Maarten'],
  SY: ['Syrian Arab Republic'],
  SZ: ['Swaziland'],
  TF: ['French Southern and Antarctic Lands', 'Kerguelen'],
  TL: ['Timor-Leste'],
  TR: ['Türkiye', 'Turkiye'],
  TT: ['Trinidad', 'Tobago'],
  TW: ['Republic of China', 'Chinese Taipei'],
  TZ: ['Zanzibar'],
  UM: ['Wake Island', 'Midway'],
  US: ['USA', 'United States of America', 'America'],
  VA: ['Holy See', 'Vatican City'],
  VC: ['Saint Vincent', 'the Grenadines'],
  VG: ['BVI'],
  VI: ['USVI', 'US Virgin Islands'],
  VN: ['Viet Nam'],
  WF: ['Wallis', 'Futuna'],
  WS: ['Western Samoa'],
  YT: ['Maore'],
  ZA: ['RSA'],
};
