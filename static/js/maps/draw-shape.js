import { lookOf } from "./draw-sign.js";

/**
 * Draw a road, sewer or area as the signs of places are drawn: solid, open; hollow, finished but not known to be open;
 * grey, closed; dashed, under way. A pale casing keeps it apart from whatever lies below.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {{strokes: {start: number, points: Float64Array}[], rings: Float64Array[]}} shape  layer points
 * @param {{colour: string, stage: string, service: string, width: number, casing: string}} sign
 *   `width`: of the line, in pixels
 */
export function drawShape(context, shape, sign) {
  const { underWay, filled, colour } = lookOf(sign);
  const lines = new Path2D();
  for (const { points } of shape.strokes) trace(lines, points);
  context.save();
  context.lineJoin = "round";
  context.lineCap = "round";
  if (shape.rings.length) {
    const area = new Path2D();
    for (const ring of shape.rings) {
      trace(area, ring);
      area.closePath();
    }
    context.globalAlpha = filled ? 0.34 : 0.16;
    context.fillStyle = colour;
    context.fill(area, "nonzero");
    context.globalAlpha = 1;
  }
  // The border of an area is thinner than a road.
  const width = shape.rings.length ? sign.width * 0.6 : sign.width;
  context.strokeStyle = sign.casing;
  context.lineWidth = width + 2.5;
  context.stroke(lines);
  context.strokeStyle = colour;
  context.lineWidth = width;
  if (underWay) {
    context.lineCap = "butt";
    context.setLineDash([width * 2.2, width * 1.5]);
    for (const { start, points } of shape.strokes) {
      // Where the line has come from another tile, its dashes go on.
      context.lineDashOffset = start;
      const line = new Path2D();
      trace(line, points);
      context.stroke(line);
    }
  } else {
    context.stroke(lines);
    if (!filled && !shape.rings.length && width >= 3) {
      context.strokeStyle = sign.casing;
      context.lineWidth = width * 0.4;
      context.stroke(lines);
    }
  }
  context.restore();
}

/** @param {Path2D} path @param {Float64Array} points */
function trace(path, points) {
  path.moveTo(points[0], points[1]);
  for (let n = 2; n < points.length; n += 2) path.lineTo(points[n], points[n + 1]);
}
