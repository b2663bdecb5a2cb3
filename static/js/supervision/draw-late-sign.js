/**
 * Draw a late site: red square, yellow triangle, and a dashed ring for one that is at risk. The shape says it before
 * the colour does.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number}} at
 * @param {number} radius
 * @param {{light: string, colours: Record<string, string>}} sign
 */
export function drawLateSign(context, at, radius, sign) {
  context.save();
  context.translate(at.x, at.y);
  context.lineJoin = "round";
  context.strokeStyle = "#ffffff";
  context.fillStyle = sign.colours[sign.light] ?? sign.colours.risk;
  context.lineWidth = 3;
  context.beginPath();
  if (sign.light === "red") {
    const half = radius * 0.78;
    context.rect(-half, -half, half * 2, half * 2);
  } else if (sign.light === "yellow") {
    context.moveTo(0, -radius);
    context.lineTo(radius, radius * 0.8);
    context.lineTo(-radius, radius * 0.8);
    context.closePath();
  } else {
    context.arc(0, 0, radius * 0.75, 0, Math.PI * 2);
    context.fillStyle = "#ffffff";
    context.fill();
    context.strokeStyle = sign.colours.risk;
    context.setLineDash([4, 2.5]);
    context.stroke();
    context.restore();
    return;
  }
  context.stroke();
  context.fill();
  context.restore();
}
