using System.CommandLine;
using System.Globalization;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Knowledge.Importing;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Commands.Importing;

/// <summary><c>chancery import jsonb</c>: a table of texts with embeddings as JSON arrays, a document for each row.</summary>
internal static class JsonbCommand
{
    private const string SourceSetting = "IMPORT_DATABASE_URL";
    private const string None = "none";

    private static readonly Option<string> Table = Column("--table", "The table", "ai_knowledge_base");
    private static readonly Option<string> Id = Column("--id-column", "What tells its rows apart", "id");
    private static readonly Option<string> Text = Column("--text-column", "The text of a row", "content");
    private static readonly Option<string> Name = Column("--filename-column", "The name of its file", "filename");
    private static readonly Option<string> Embedding = Column("--embedding-column", "The JSON arrays", "embeddings");

    private static readonly Option<string> CompanyColumn = Column(
        "--company-column",
        "Whose a row is, where the table says so; none imports all rows",
        "company_id"
    );

    private static readonly Option<string> Company = new("--company")
    {
        Description = "Only the rows of this company, as that column holds it",
    };

    private static readonly Option<string> Category = Column("--category-column", "Becomes a tag; or none", "category");
    private static readonly Option<string> Active = Column(
        "--active-column",
        "Rows where it is false stay",
        "is_active"
    );
    private static readonly Option<string> Created = Column("--created-column", "When a row was made", "created_at");

    private static readonly Option<string> Model = new("--model")
    {
        Description = "The embedding model that made the arrays; by default EMBEDDING_MODEL",
    };

    private static readonly Option<int> Dimensions = new("--dimensions")
    {
        Description = "Numbers in each array",
        DefaultValueFactory = _ => 1536,
    };

    private static readonly Option<string> Collection = new("--collection")
    {
        Description =
            "The collection that the documents go into, by name or id; by default the organisation's default one",
    };

    private static readonly Option<string> Source = new("--source")
    {
        Description = "What the table is called in the notes of what was imported; by default database.schema.table",
    };

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Read and check every row, and write nothing",
    };

    private static readonly Option<string> Backup = new("--backup")
    {
        Description = "A backup of this installation, not older than a day: it is checked before anything is written",
    };

    private static readonly Option<bool> WithoutBackup = new("--without-backup") { Description = "Import without one" };

    public static Command Create()
    {
        var command = new Command("jsonb", "A PostgreSQL table whose rows have a text and a JSON array as embedding")
        {
            ImportCommand.Organization,
            Table,
            Id,
            Text,
            Name,
            Embedding,
            CompanyColumn,
            Company,
            Category,
            Active,
            Created,
            Model,
            Dimensions,
            Collection,
            Source,
            DryRun,
            Backup,
            WithoutBackup,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        // What pgvector keeps.
        Dimensions.Validators.Add(result =>
        {
            if (result.GetValue(Dimensions) is < 1 or > 16_000)
            {
                result.AddError("--dimensions must be a number from 1 to 16000.");
            }
        });
        OperatorCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        var foreign =
            SecretSetting.Read(verb.Configuration, SourceSetting)
            ?? throw new ImportException(
                $"Say where the table is: {SourceSetting}=postgres://user:password@host:5432/database, or {SourceSetting}_FILE. "
                    + "An address with a password is never an argument."
            );
        var model =
            verb.Value(Model)
            ?? verb.Configuration["EMBEDDING_MODEL"]
            ?? throw new ImportException(
                "Say with --model which embedding model made the arrays: only questions that the same one embeds find them."
            );
        var tally = new ImportTally();
        await using var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            verb.DataDirectory,
            verb.Loggers,
            cancellationToken
        );
        var masterKey = MasterKeyFile.Load(verb.Configuration, database.DataDirectory, mayCreate: false, out _);
        await RefuseOldSchemaAsync(verb, database, masterKey, cancellationToken);
        await using var importer = Importer.Open(
            StorageStart.AppConnectionString(database.OwnerConnectionString, masterKey),
            database.DataDirectory,
            masterKey
        );
        var (tenant, owner) = await importer.FindAsync(verb.Value(ImportCommand.Organization)!, cancellationToken);
        await using var table = await ForeignTable.OpenAsync(
            PostgresAddress.Parse(foreign),
            ColumnsOf(verb),
            cancellationToken
        );
        await RefuseUnfitAsync(importer.Store, tenant, model, verb.Value(Dimensions), cancellationToken);
        var isDry = verb.Value(DryRun);
        if (!isDry && !verb.Value(WithoutBackup))
        {
            await BackupCheck.RunAsync(verb, verb.Value(Backup), masterKey, tenant, cancellationToken);
        }

        await using var held = await importer.HoldAsync(tenant, cancellationToken);
        var target = new ImportTarget(
            tenant,
            owner,
            await importer.Store.CollectionAsync(tenant, verb.Value(Collection), cancellationToken)
                ?? throw new ImportException($"The organisation has no collection {verb.Value(Collection)}."),
            verb.Value(Source) ?? table.Name,
            model,
            Guid.CreateVersion7()
        );
        try
        {
            await new JsonbImport(importer.Store, verb.Value(Dimensions)).RunAsync(
                table,
                isDry ? null : target,
                tally,
                verb,
                verb.SayProgress,
                cancellationToken
            );
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            tally.Interrupted = true;
        }

        Print(verb, target, tally, isDry);
        return tally switch
        {
            { Interrupted: true } => Exit.Interrupted,
            { IsWell: true } => Exit.Ok,
            _ => Exit.Failed,
        };
    }

    private static void Print(OperatorCommand verb, ImportTarget target, ImportTally tally, bool isDry) =>
        verb.Print(
            new
            {
                Import = isDry ? (Guid?)null : target.ImportId,
                target.Source,
                Organization = target.Tenant.Value,
                target.Model,
                DryRun = isDry,
                tally.Total,
                tally.Read,
                tally.Migrated,
                AlreadyImported = tally.Already,
                tally.Failed,
                Verified = isDry || tally.Interrupted ? (bool?)null : tally.IsWell || tally.Counted == tally.Migrated,
                tally.Counted,
                tally.Sampled,
                tally.Different,
                tally.Interrupted,
                tally.Failures,
            },
            [
                .. tally.Failures.Take(20).Select(failure => $"Failed: row {failure.Row}: {failure.Reason}"),
                .. tally.Failed > 20 ? [$"… and {tally.Failed - 20} more."] : Array.Empty<string>(),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(isDry ? "Would migrate" : "Migrated")} {tally.Migrated}, failed {tally.Failed}, total {tally.Total}{(tally.Already > 0 ? $", imported before {tally.Already}" : "")}."
                ),
                .. isDry || tally.Interrupted
                    ? Array.Empty<string>()
                    :
                    [
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"Verified: {tally.Counted} of {tally.Migrated} stand here with their vector; of {tally.Sampled} compared with the table {tally.Different} differ."
                        ),
                    ],
                .. tally.Interrupted
                    ?
                    [
                        "chancery: import was interrupted. What was migrated stays, the same command goes on behind it, and the table is as it was.",
                    ]
                    : Array.Empty<string>(),
                .. isDry || tally.Migrated == 0
                    ? Array.Empty<string>()
                    :
                    [
                        $"To take it back: chancery import undo --organization {target.Tenant} --import {target.ImportId}",
                        $"Questions find these vectors where EMBEDDING_MODEL is {target.Model}.",
                    ],
            ]
        );

    private static ForeignColumns ColumnsOf(OperatorCommand verb)
    {
        return new ForeignColumns(
            verb.Value(Table)!,
            verb.Value(Id)!,
            verb.Value(Text)!,
            verb.Value(Name)!,
            verb.Value(Embedding)!,
            UnlessNone(CompanyColumn),
            verb.Value(Company),
            UnlessNone(Category),
            UnlessNone(Active),
            UnlessNone(Created)
        );

        string? UnlessNone(Option<string> option) => verb.Value(option) is None ? null : verb.Value(option);
    }

    private static async Task RefuseOldSchemaAsync(
        OperatorCommand verb,
        InstallationDatabase database,
        MasterKey masterKey,
        CancellationToken cancellationToken
    )
    {
        var migrator = new Migrator(
            database.OwnerConnectionString,
            StorageStart.AppPassword(masterKey),
            verb.Loggers.CreateLogger<Migrator>()
        );
        if (await migrator.PendingAsync(cancellationToken) is { Count: > 0 })
        {
            throw new ImportException("The database has an older schema: run chancery migrate first.");
        }
    }

    private static async Task RefuseUnfitAsync(
        ImportStore store,
        TenantId tenant,
        string model,
        int dimensions,
        CancellationToken cancellationToken
    )
    {
        if (!await store.HasVectorsAsync(tenant, cancellationToken))
        {
            throw new ImportException(
                "This PostgreSQL keeps no vectors: install pgvector on its server, run chancery migrate, and import then."
            );
        }

        if (await store.DimensionsAsync(tenant, model, cancellationToken) is { } stored && stored != dimensions)
        {
            throw new ImportException(
                $"The organisation's vectors of {model} have {stored} numbers, not {dimensions}: they cannot be searched together. "
                    + "Is it another model?"
            );
        }
    }

    private static Option<string> Column(string name, string description, string fallback) =>
        new(name) { Description = description, DefaultValueFactory = _ => fallback };
}
