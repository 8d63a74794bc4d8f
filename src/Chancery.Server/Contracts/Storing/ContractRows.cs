using System.Text.Json;
using Chancery.Contracts;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Contracts.Storing;

/// <summary>A row of <c>contracts</c>.</summary>
internal sealed class ContractRow
{
    public const string Columns = """
        c.contract_id AS id, c.title, c.type, c.status, c.tags, c.parties::text AS parties, c.effective_date, c.end_date,
        c.governing_law, c.language, c.latest, c.list_id, c.created_by, c.created_at, c.updated_at, c.deleted_at
        """;

    public Guid Id { get; init; }

    public string Title { get; init; } = "";

    public string Type { get; init; } = "";

    public string Status { get; init; } = "";

    public string[] Tags { get; init; } = [];

    public string Parties { get; init; } = "[]";

    public DateOnly? EffectiveDate { get; init; }

    public DateOnly? EndDate { get; init; }

    public string? GoverningLaw { get; init; }

    public string Language { get; init; } = "";

    public int Latest { get; init; }

    public Guid? ListId { get; init; }

    public Guid CreatedBy { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    public ContractSummary ToSummary() =>
        new(
            Id,
            Title,
            Type,
            Status,
            Tags,
            JsonSerializer.Deserialize<Party[]>(Parties, RevisionTree.Json) ?? [],
            EffectiveDate,
            EndDate,
            GoverningLaw,
            Language,
            Latest,
            ListId is not null,
            CreatedBy,
            CreatedAt,
            UpdatedAt
        );
}

/// <summary>A row of <c>contract_revisions</c>; without its text where only a list is wanted.</summary>
internal sealed class RevisionRow
{
    public const string Columns = """
        r.number, r.source, r.instruction, r.instruction_language, r.author_id, r.author, r.created_at, r.base, r.model,
        r.prompt_version, r.input_tokens, r.output_tokens, r.cost_nano, r.is_estimated, r.note, r.inserted, r.deleted, r.changed,
        r.sha256
        """;

    public int Number { get; init; }

    public string Source { get; init; } = "";

    public string? Instruction { get; init; }

    public string? InstructionLanguage { get; init; }

    public Guid AuthorId { get; init; }

    public string Author { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public int? Base { get; init; }

    public string? Model { get; init; }

    public string? PromptVersion { get; init; }

    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    public long CostNano { get; init; }

    public bool IsEstimated { get; init; }

    public string? Note { get; init; }

    public int Inserted { get; init; }

    public int Deleted { get; init; }

    public int Changed { get; init; }

    public byte[] Sha256 { get; init; } = [];

    public string Head { get; init; } = "";

    public string Tree { get; init; } = "";

    public string Origins { get; init; } = "{}";

    public RevisionSummary ToSummary() =>
        new(
            Number,
            Source,
            Instruction,
            InstructionLanguage,
            AuthorId,
            Author,
            CreatedAt,
            Base == Number - 1 ? null : Base,
            Model,
            PromptVersion,
            InputTokens,
            OutputTokens,
            new NanoDollars(CostNano).Dollars,
            IsEstimated,
            Note,
            Inserted,
            Deleted,
            Changed,
            Convert.ToHexStringLower(Sha256)
        );
}

/// <summary>A row of <c>contract_texts</c>.</summary>
internal sealed class TextRow
{
    public byte[] Sha256 { get; init; } = [];

    public string Heading { get; init; } = "";

    public string Body { get; init; } = "";
}
