// The rules for static/js. Types are checked by tsc; what stays here is what types do not see.
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["static/vendor/**", "tests/**", "var/**", ".venv/**"] },
  js.configs.recommended,
  {
    files: ["static/js/**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
    rules: {
      "no-undef": "off", // tsc does it, with types
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "AssignmentExpression[left.property.name=/^(innerHTML|outerHTML)$/]",
          message: "Data in innerHTML is code: use textContent or create elements.",
        },
        {
          selector: "CallExpression[callee.property.name=/^(insertAdjacentHTML|write|writeln)$/]",
          message: "Data in HTML text is code: use textContent or create elements.",
        },
        {
          selector: "CallExpression[callee.property.name='setAttribute'][arguments.0.value='style']",
          message: "The content security policy blocks style attributes: use a class.",
        },
      ],
    },
  },
  {
    // A classic script: old browsers must be able to read it, to find out that they are old.
    files: ["static/js/boot.js"],
    languageOptions: { sourceType: "script" },
    rules: { "no-var": "off" },
  },
];
