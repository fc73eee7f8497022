import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps {
  readonly onClick: () => void;
  readonly icon?: IconName;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A button with words. */
export function Button({ onClick, icon, primary, disabled, title, children }: ButtonProps) {
  return (
    <button type="button" class={primary ? "button primary" : "button"} disabled={disabled ?? false} title={title} onClick={onClick}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  /** Its name, shown as tooltip too. */
  readonly label: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
  /** For buttons that are on or off. */
  readonly pressed?: boolean;
}

/** A button that is an icon; its name is read out and shown on hover. */
export function IconButton({ icon, label, onClick, disabled, pressed }: IconButtonProps) {
  return (
    <button
      type="button"
      class="button bare"
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      disabled={disabled ?? false}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: T; readonly text: string }[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
}

/** A few words of which one is on: a radio group with arrow keys. */
export function Choice<T extends string>({ label, options, value, onChoose }: ChoiceProps<T>) {
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = (options.findIndex((option) => option.value === value) + by + options.length) % options.length;
    const option = options[next];
    if (option) onChoose(option.value);
    if (event.currentTarget instanceof HTMLElement) event.currentTarget.querySelectorAll("button")[next]?.focus();
  };
  return (
    <span class="choice" role="radiogroup" aria-label={label} onKeyDown={move}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          class="button"
          role="radio"
          aria-checked={option.value === value}
          tabIndex={option.value === value ? 0 : -1}
          onClick={() => onChoose(option.value)}
        >
          {option.text}
        </button>
      ))}
    </span>
  );
}
