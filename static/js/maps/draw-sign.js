const UNDER_WAY = new Set(["planned", "sited", "building"]);
const GIVEN_UP = new Set(["suspended", "cancelled"]);

/**
 * What a site's state makes of its sign, whatever its geometry.
 *
 * @param {{colour: string, stage: string, service: string}} sign
 */
export function lookOf(sign) {
  const underWay = UNDER_WAY.has(sign.stage) || GIVEN_UP.has(sign.stage);
  const closed = GIVEN_UP.has(sign.stage) || (!underWay && /^closed/.test(sign.service));
  const filled = !underWay && !closed && sign.service === "open";
  return { underWay, closed, filled, colour: closed ? "#5f6b76" : sign.colour };
}

/**
 * Draw the sign of a site. The shape says what it is before the colour does:
 * filled circle, open; ring, finished but not known to be open; barred grey circle, closed; dashed diamond, under way.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number}} at
 * @param {number} radius
 * @param {{colour: string, stage: string, service: string, path?: Path2D, chosen?: boolean}} sign
 */
export function drawSign(context, at, radius, sign) {
  const { underWay, closed, filled, colour } = lookOf(sign);
  context.save();
  context.translate(at.x, at.y);
  outline(context, radius, underWay);
  context.fillStyle = filled ? colour : "#ffffff";
  context.strokeStyle = "#ffffff";
  context.lineWidth = filled ? 2 : 4.5;
  context.stroke();
  context.fill();
  if (!filled) {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    if (underWay) context.setLineDash([4, 2.5]);
    context.stroke();
    context.setLineDash([]);
  }
  if (sign.path && radius >= 8) {
    const scale = ((radius * 2) / 15) * (underWay ? 0.52 : 0.6);
    context.save();
    context.scale(scale, scale);
    context.translate(-7.5, -7.5);
    context.fillStyle = filled ? "#ffffff" : colour;
    context.fill(sign.path);
    context.restore();
  }
  if (closed) {
    context.beginPath();
    context.moveTo(-radius * 0.7, radius * 0.7);
    context.lineTo(radius * 0.7, -radius * 0.7);
    context.lineWidth = 2.5;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} radius
 * @param {boolean} angular
 */
function outline(context, radius, angular) {
  context.beginPath();
  if (angular) {
    const far = radius * 1.22;
    context.moveTo(0, -far);
    context.lineTo(far, 0);
    context.lineTo(0, far);
    context.lineTo(-far, 0);
    context.closePath();
  } else {
    context.arc(0, 0, radius, 0, Math.PI * 2);
  }
}
