import { defineMessages } from '../text/index.ts';

/** What the command line itself says; each command has texts of its own. */
export const cliMessages = defineMessages({
  seeHelp: { en: 'See rpc-dart-router --help', ru: 'Справка: rpc-dart-router --help' },
  oneCommand: { en: '{commands}: give one command at a time', ru: '{commands}: укажите одну команду' },
  about: {
    en: 'Message router for rpc_dart clients',
    ru: 'Роутер сообщений для клиентов rpc_dart',
  },
  usage: { en: 'Usage: rpc-dart-router [options]', ru: 'Использование: rpc-dart-router [опции]' },
  foreground: {
    en: 'Without a command the router runs in the foreground.',
    ru: 'Без команды роутер работает на переднем плане.',
  },
  sources: {
    en: 'Each option can also be set as ROUTER_NAME in the environment, or as a key of the --config file; flags count most.',
    ru: 'Каждую опцию можно задать и переменной окружения ROUTER_ИМЯ, и ключом файла --config; флаги важнее всего.',
  },
  byDefault: { en: 'default', ru: 'по умолчанию' },
  configOk: { en: 'Configuration is valid', ru: 'Конфигурация верна' },
});
