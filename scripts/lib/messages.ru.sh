# Russian messages; the keys are those of messages.en.sh.
# shellcheck shell=bash disable=SC2034 # read by t() in ui.sh
TEXT=(
  [usage]='использование: sudo bash scripts/install-production.sh [ПАРАМЕТР]...
  (без параметров)   установить или обновить установленное
  --rollback         вернуться к предыдущей версии
  --uninstall        удалить службу и программу; конфигурация, логи и данные останутся
  --purge            вместе с --uninstall: удалить также конфигурацию, логи, данные и пользователя
  --tune             дополнительно задать лимиты ядра и входа из deploy/host
  --port N           порт для нового config.yaml (8080)
  --metrics-port N   порт метрик для него (9090)
  --dry-run          показать, что было бы сделано, ничего не меняя
  --quiet, -q        печатать только о проблемах
  --lang en|ru       язык (по умолчанию из локали)
  --help             эта справка'
  [needs_value]='параметру %s нужно значение'
  [unknown_option]='неизвестный параметр: %s'
  [bad_language]='--lang: нужно en или ru, получено %s'
  [bad_port]='порт: нужно 1..65535, получено %s'
  [purge_alone]='--purge указывают вместе с --uninstall'

  [root_ok]='права root есть'
  [root_missing]='нет прав root: запустите через sudo'
  [systemd_ok]='systemd %s'
  [systemd_missing]='systemd на этом хосте не работает'
  [node_ok]='Node.js %s (%s)'
  [node_missing]='node не найден в PATH: установите Node.js 20.19 или новее'
  [node_old]='Node.js %s слишком старый: нужен 20.19 или новее'
  [node_in_home]='%s находится в домашней директории, недоступной службе: установите Node.js для всей системы'
  [npm_missing]='для сборки клона нужен npm: установите его или возьмите архив релиза'
  [source_release]='релиз в %s'
  [source_clone]='клон в %s (будет собран)'
  [source_missing]='%s — не релиз и не клон'
  [disk_ok]='места на диске достаточно'
  [disk_full]='%s: свободно %s МБ, нужно %s МБ'
  [account_ok]='пользователь %s'
  [account_foreign]='уже есть пользователь %s с домашней директорией %s вместо %s'
  [port_ok]='порт %s свободен'
  [port_ours]='порт %s занят этой службой'
  [port_busy]='порт %s занят (%s): остановите эту программу или выберите другой порт через --port'
  [metrics_port_busy]='порт %s для метрик занят (%s): остановите эту программу или выберите другой порт через --metrics-port'
  [checks_failed]='Ничего не изменено.'
  [locked]='Идёт другая установка.'

  [would]='было бы сделано:'
  [dry_run_done]='Пробный запуск: ничего не изменено.'
  [stage]='скопировать новую версию в %s'
  [make_account]='создать системного пользователя %s, домашняя директория %s'
  [make_directories]='создать директории, задать владельцев и права'
  [make_config]='записать %s'
  [tune]='установить %s и %s'
  [write_unit]='записать %s и %s'
  [link_commands]='создать ссылки на %s в %s'
  [start]='запустить службу %s'
  [upgrade]='перейти с %s на %s'
  [remove_service]='остановить и удалить службу %s'
  [remove_program]='удалить %s'
  [remove_data]='удалить: %s'
  [the_user]='пользователь %s'

  [release_damaged]='Релиз в %s повреждён или изменён: распакуйте его заново.'
  [build_dependencies]='установка зависимостей'
  [build_compile]='сборка программы'
  [build_prune]='удаление зависимостей сборки'
  [build_still]='%s (прошло %s с)'
  [build_failed]='Сборка не удалась. Ничего не изменено.'
  [config_refused]='Новая версия не принимает %s. Работающая служба не затронута.'
  [install_failed]='Служба не запустилась (её журнал выше) и остановлена. Устраните причину и запустите установку снова.'
  [sysctl_refused]='Ядро приняло не все значения из %s; они будут заданы снова при следующей загрузке.'
  [command_taken]='%s принадлежит другой программе и не заменяется.'
  [rolling_back]='Новая версия не запустилась: откат к %s.'
  [rolled_back]='Откат выполнен: снова работает %s. Время недоступности: %s с.'
  [rollback_failed]='%s тоже не запустилась: смотрите journalctl -u rpc-dart-router.'
  [nothing_previous]='Предыдущей версии для отката нет.'
  [up_to_date]='%s установлена и исправна: действий не требуется.'
  [downtime]='Время недоступности: %s с.'
  [not_installed]='Роутер не установлен.'
  [data_kept]='Сохранено: %s (удалить: --uninstall --purge).'
  [summary]='
✅ %s
   Версия:              %s
   Предыдущая:          %s
   Конфигурация:        %s
   Логи:                %s, journalctl -u %s
   Применить изменения: systemctl reload %s'

  [backup_done]='Резервная копия: %s (%s)'
  [backup_nothing]='Копировать нечего: %s не существует.'
  [backup_no_folder]='--output %s: такой директории нет (имя файла оканчивается на .tar.gz)'
  [backup_usage]='использование: sudo bash scripts/backup.sh [--output ДИРЕКТОРИЯ|ФАЙЛ.tar.gz] [--quiet] [--lang en|ru]'
  [restore_usage]='использование: sudo bash scripts/restore.sh ФАЙЛ.tar.gz [--quiet] [--lang en|ru]'
  [restore_not_installed]='Роутер не установлен: сначала запустите scripts/install-production.sh.'
  [restore_unreadable]='%s не читается как резервная копия.'
  [restore_foreign]='%s — не резервная копия этого роутера: в ней есть %s'
  [restore_safety]='сохранить текущее состояние в %s'
  [restore_replace]='остановить службу и восстановить резервную копию'
  [restore_failed]='С данными из копии служба не запустилась: восстанавливаем прежнее состояние.'
  [restore_done]='Восстановлено и исправно: %s. Время недоступности: %s с.'
)
