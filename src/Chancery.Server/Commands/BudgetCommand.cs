using System.CommandLine;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Ledger.Budgets;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Commands;

/// <summary>
/// <c>chancery budget</c>: hard caps on what organisations, or all of them together, may spend on models. On the installation's machine,
/// also while the server runs.
/// </summary>
internal static class BudgetCommand
{
    private static readonly Option<string?> Tenant = new("--tenant")
    {
        Description = "The organisation, by name or id; left out, all of the installation together",
    };

    private static readonly Option<Guid?> User = new("--user") { Description = "Only this person of it, by id" };

    private static readonly Option<Guid?> Key = new("--key") { Description = "Only this key or client of it, by id" };

    private static readonly Option<decimal?> Month = new("--month") { Description = "Dollars in a month, as in 5.00" };

    private static readonly Option<decimal?> Day = new("--day") { Description = "Dollars in a day, as in 0.50" };

    private static readonly Option<bool> OfMonth = new("--month") { Description = "The cap of the month" };

    private static readonly Option<bool> OfDay = new("--day") { Description = "The cap of the day" };

    public static Command Create()
    {
        var set = Verb("set", "Set hard caps; an organisation cannot lift them", SetAsync, User, Key, Month, Day);
        var list = Verb("list", "All caps, those that organisations set themselves too", ListAsync);
        var remove = Verb("remove", "Lift hard caps", RemoveAsync, User, Key, OfMonth, OfDay);
        return new Command("budget", "How much may be spent on models") { set, list, remove };
    }

    private static Command Verb(
        string name,
        string description,
        Func<OperatorCommand, OperatorBudgets, CancellationToken, Task<int>> run,
        params Option[] options
    )
    {
        var verb = new Command(name, description) { Tenant };
        foreach (var option in options.Concat([OperatorCommand.Data, OperatorCommand.Json]))
        {
            verb.Options.Add(option);
        }

        OperatorCommand.Set(
            verb,
            async (command, cancellationToken) =>
            {
                await using var database = await InstallationDatabase.OpenAsync(
                    command.Configuration,
                    command.DataDirectory,
                    command.Loggers,
                    cancellationToken
                );
                RowMapping.Use();
                await using var source = NpgsqlDataSource.Create(database.OwnerConnectionString);
                var budgets = new OperatorBudgets(source);
                var code = await run(command, budgets, cancellationToken);
                if (code == Exit.Ok && name != "list")
                {
                    Guid? tenant = command.Value(Tenant)?.Trim() is { Length: > 0 } named
                        ? (await budgets.TenantsNamedAsync(named, cancellationToken))[0]
                        : null;
                    await MachineRecord.WriteAsync(
                        database.OwnerConnectionString,
                        name == "set" ? "budget.set" : "budget.lifted",
                        cancellationToken,
                        tenant
                    );
                }

                return code;
            }
        );
        return verb;
    }

    private static async Task<int> SetAsync(
        OperatorCommand verb,
        OperatorBudgets budgets,
        CancellationToken cancellationToken
    )
    {
        (string Period, decimal? Dollars)[] caps = [("month", verb.Value(Month)), ("day", verb.Value(Day))];
        var most = NanoDollars.Largest.Dollars;
        if (caps.All(cap => cap.Dollars is null))
        {
            return await RefuseAsync("say how much: --month 5.00, --day 0.50, or both.");
        }

        if (caps.Any(cap => cap.Dollars < 0 || cap.Dollars > most))
        {
            return await RefuseAsync($"a cap is from 0 to {most:0} dollars.");
        }

        var (subject, problem) = await SubjectAsync(verb, budgets, cancellationToken);
        if (problem is not null)
        {
            return await RefuseAsync(problem);
        }

        foreach (var (period, dollars) in caps)
        {
            if (dollars is { } amount)
            {
                await budgets.SetAsync(subject, period, NanoDollars.OfDollars(amount), cancellationToken);
            }
        }

        verb.Print(
            caps.Where(cap => cap.Dollars is not null).Select(cap => new { cap.Period, CapUsd = cap.Dollars }),
            caps.Where(cap => cap.Dollars is not null)
                .Select(cap =>
                    $"{NameOf(verb)} may spend {NanoDollars.OfDollars(cap.Dollars!.Value).ToDollarText()} dollars a {cap.Period}. Servers know of it within two seconds."
                )
        );
        return Exit.Ok;
    }

    private static async Task<int> ListAsync(
        OperatorCommand verb,
        OperatorBudgets budgets,
        CancellationToken cancellationToken
    )
    {
        var (subject, problem) = await SubjectAsync(verb, budgets, cancellationToken);
        if (problem is not null)
        {
            return await RefuseAsync(problem);
        }

        var rows = await budgets.ListAsync(subject?.Tenant, cancellationToken);
        verb.Print(
            rows,
            rows.Count == 0
                ? ["There is no cap: chancery budget set --tenant NAME --month 5.00"]
                : rows.Select(row =>
                    $"{(row.TenantId is { } tenant ? $"{tenant} {row.Level} {(row.SubjectId == tenant ? "" : row.SubjectId + " ")}" : "installation ")}"
                    + $"{new NanoDollars(row.CapNano).ToDollarText()} dollars a {row.Period}, set by the {(row.SetBy == "operator" ? "operator" : "organisation")}"
                )
        );
        return Exit.Ok;
    }

    private static async Task<int> RemoveAsync(
        OperatorCommand verb,
        OperatorBudgets budgets,
        CancellationToken cancellationToken
    )
    {
        string[] periods =
        [
            .. new[] { verb.Value(OfMonth) ? "month" : "", verb.Value(OfDay) ? "day" : "" }.Where(period =>
                period != ""
            ),
        ];
        if (periods.Length == 0)
        {
            return await RefuseAsync("say which: --month, --day, or both.");
        }

        var (subject, problem) = await SubjectAsync(verb, budgets, cancellationToken);
        if (problem is not null)
        {
            return await RefuseAsync(problem);
        }

        var removed = 0;
        foreach (var period in periods)
        {
            removed += await budgets.RemoveAsync(subject, period, cancellationToken) ? 1 : 0;
        }

        verb.Print(new { Removed = removed }, removed == 0 ? "There was no such cap." : $"{NameOf(verb)}: lifted.");
        return removed == 0 ? Exit.Failed : Exit.Ok;
    }

    /// <summary>Whom it is about; null for the installation. A problem says what to do.</summary>
    private static async Task<(OperatorBudgets.Subject? Subject, string? Problem)> SubjectAsync(
        OperatorCommand verb,
        OperatorBudgets budgets,
        CancellationToken cancellationToken
    )
    {
        var (user, key) = (verb.Value(User), verb.Value(Key));
        if (verb.Value(Tenant)?.Trim() is not { Length: > 0 } named)
        {
            return user is null && key is null ? (null, null) : (null, "--user and --key go with --tenant.");
        }

        if (user is not null && key is not null)
        {
            return (null, "name a person or a key, not both.");
        }

        var found = await budgets.TenantsNamedAsync(named, cancellationToken);
        if (found.Count != 1)
        {
            return (
                null,
                found.Count == 0
                    ? $"there is no organisation called {named}."
                    : $"{found.Count} organisations are called {named}: name one by its id ({string.Join(", ", found)})."
            );
        }

        var tenant = found[0];
        return (
            (user, key) switch
            {
                ({ } person, _) => new OperatorBudgets.Subject(tenant, "user", person),
                (_, { } one) => new OperatorBudgets.Subject(tenant, "key", one),
                _ => new OperatorBudgets.Subject(tenant, "tenant", tenant),
            },
            null
        );
    }

    private static string NameOf(OperatorCommand verb) => verb.Value(Tenant) ?? "The installation";

    private static async Task<int> RefuseAsync(string why)
    {
        await Console.Error.WriteLineAsync($"chancery: {why}");
        return Exit.Usage;
    }
}
