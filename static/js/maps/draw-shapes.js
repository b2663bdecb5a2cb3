/**
 * @typedef {{colour: string, underWay: boolean, filled: boolean, closed: boolean, casing: string}} Look
 * @typedef {{look: Look, isArea: boolean, lines: Path2D, fill: Path2D,
 *   strokes: {start: number, points: Float64Array}[]}} Group
 *   shapes that look alike; `strokes` one by one only where they are dashed
 */

/**
 * Draw roads, sewers and areas as the signs of places are drawn: solid, open; hollow, finished but not known to be
 * open; grey, closed; dashed, under way. A pale casing keeps them apart from whatever lies below; all casings come
 * before all colours, so that lines that meet are joined.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Group[]} groups
 * @param {number} width  of a line, in pixels; the border of an area is thinner
 */
export function drawShapes(context, groups, width) {
  context.save();
  context.lineJoin = "round";
  const areas = groups.filter((group) => group.isArea);
  for (const { look, fill } of areas) {
    context.globalAlpha = look.filled ? 0.34 : 0.16;
    context.fillStyle = look.colour;
    context.fill(fill, "nonzero");
  }
  context.globalAlpha = 1;
  strokeAll(context, areas, Math.max(1.5, width * 0.6));
  strokeAll(
    context,
    groups.filter((group) => !group.isArea),
    width
  );
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {Group[]} groups @param {number} width */
function strokeAll(context, groups, width) {
  context.lineCap = "round";
  context.lineWidth = width + Math.min(2.5, width * 0.6);
  for (const { look, lines } of groups) {
    context.strokeStyle = look.casing;
    context.stroke(lines);
  }
  for (const { look, isArea, lines, strokes } of groups) {
    context.strokeStyle = look.colour;
    context.lineWidth = width;
    if (look.underWay) {
      dash(context, strokes, width);
      continue;
    }
    context.stroke(lines);
    if (look.filled || isArea || width < 3) continue;
    context.strokeStyle = look.casing;
    context.lineWidth = width * 0.4;
    context.stroke(lines);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{start: number, points: Float64Array}[]} strokes
 * @param {number} width
 */
function dash(context, strokes, width) {
  context.save();
  context.lineCap = "butt";
  context.setLineDash([width * 2.2, width * 1.5]);
  for (const { start, points } of strokes) {
    // Where the line has come from another tile, its dashes go on.
    context.lineDashOffset = start;
    context.beginPath();
    context.moveTo(points[0], points[1]);
    for (let n = 2; n < points.length; n += 2) context.lineTo(points[n], points[n + 1]);
    context.stroke();
  }
  context.restore();
}
