using Chancery.Bench;
using Chancery.Bench.Contracts;
using Chancery.Bench.Gateway;
using Chancery.Bench.Guards;
using Chancery.Bench.Peers;
using Chancery.Bench.Retrieval;
using Chancery.Bench.Rollouts;
using Chancery.Bench.SearchEngine;
using Chancery.Documents;

// One verb, one question answered: each prints a table and needs nothing but the test data.
return args switch
{
    ["extractive", .. var rest] => Extractive.Run(rest),
    ["citations", .. var rest] => await Citations.RunAsync(rest),
    ["answers", .. var rest] => await Answers.RunAsync(rest),
    ["contracts", .. var rest] => await ContractBenches.RunAsync(rest),
    ["guards", .. var rest] => await GuardBenches.RunAsync(rest),
    ["documents", .. var rest] => await Documents.RunAsync(rest),
    // The reader's child that "documents" starts.
    ["read", .. var rest] => await ReadCommand.RunAsync(
        rest,
        Console.OpenStandardInput(),
        Console.OpenStandardOutput(),
        CancellationToken.None
    ),
    ["gate", .. var rest] => await Gate.RunAsync(rest),
    ["encoder"] => await EncoderSpeed.RunAsync(),
    ["bm25"] => await Bm25Choice.RunAsync(),
    ["ranking"] => await Ranking.RunAsync(),
    ["ingest"] => await Ingestion.RunAsync(),
    ["load"] => await Load.RunAsync(),
    ["search", .. var rest] => await SearchLoad.RunAsync(rest),
    ["crowd", .. var rest] => await Crowd.RunAsync(rest),
    ["engine", .. var rest] => EngineBench.Run(rest),
    ["tenants", .. var rest] => await Tenants.RunAsync(rest),
    ["peers", .. var rest] => await PeersBench.RunAsync(rest),
    ["stores", .. var rest] => await Stores.RunAsync(rest),
    ["access"] => await AccessCost.RunAsync(),
    ["audit", .. var rest] => await AuditBench.RunAsync(rest),
    ["gateway", .. var rest] => await GatewayBench.RunAsync(rest),
    ["outages"] => await OutageBench.RunAsync(),
    ["cache", .. var rest] => await CacheBench.RunAsync(rest),
    ["semantic"] => await SemanticBench.RunAsync(),
    // The processes that "gateway", "outages" and "cache" start.
    ["gateway-upstream", var port] => await Upstream.RunAsync(port),
    ["gateway-pass", var port, var upstream] => await PassThrough.RunAsync(port, upstream),
    ["rollouts", .. var rest] => RolloutBench.Run(rest),
    ["telemetry"] => TelemetryCost.Run(),
    ["start"] => await Load.StartAsync(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Usage: ./run bench <verb>");
    Console.Error.WriteLine(
        "  outages      What do callers of the gateway see while Redis and PostgreSQL go and come back, and is the ledger right after it?"
    );
    Console.Error.WriteLine("  contracts import   How many contracts get their right clauses from plain text?");
    Console.Error.WriteLine(
        "  rollouts [n]   How often is a harmless version rolled back, and how soon a harmful one?"
    );
    Console.Error.WriteLine("  telemetry    What does it cost a call to a model to be told of?");
    Console.Error.WriteLine("  contracts types   Are the types of clauses recognised by their words?");
    Console.Error.WriteLine("  ingest       How fast does a PDF become searchable, and in how much memory?");
    Console.Error.WriteLine("  documents    What becomes of every file of the public collections, whole or broken?");
    Console.Error.WriteLine(
        "  load         How long do people wait for a search and for the first words of an answer?"
    );
    Console.Error.WriteLine("  search [contracts]   What does the index in memory give, beside PostgreSQL?");
    Console.Error.WriteLine(
        "  crowd [documents] [seconds between kills]   Does everybody get their turn, and is anything lost by kill -9?"
    );
    Console.Error.WriteLine(
        "  engine [passages…]   How long does the search engine take, in how much memory, and what does it miss?"
    );
    Console.Error.WriteLine(
        "  tenants [small] [passages] [large] [passages] [queries] [MB]   What does a search cost among many tenants, and does anybody find a neighbour's passage?"
    );
    Console.Error.WriteLine(
        "  peers [sets…] [--only names] [--keep]   How do other stores do on the same vectors, at which recall?"
    );
    Console.Error.WriteLine(
        "  stores [--index-type hnsw|ivfflat] [--passages N]   How fast is the nearest vector found in each place, and what is missed?"
    );
    Console.Error.WriteLine(
        "  access       What does it cost to know who calls, and to bind a transaction to their tenant?"
    );
    Console.Error.WriteLine(
        "  audit [entries]   How many entries does the record take from 8 writers while it is checked, and is every way to change it found?"
    );
    Console.Error.WriteLine(
        "  gateway [seconds]   What does the gateway add to a call to a model, beside a bare pass-through and beside Portkey's?"
    );
    Console.Error.WriteLine(
        "  cache [seconds]   How fast is an answer that was given before, and how often is there one while documents come in?"
    );
    Console.Error.WriteLine("  semantic     How often would the semantic cache give the answer to another question?");
    Console.Error.WriteLine(
        "  contracts compare   How long does it take to compare two revisions of a large contract, and to merge them?"
    );
    Console.Error.WriteLine(
        "  contracts docx   Does a contract come back as it was once LibreOffice has saved its Word file, and what is read of other Word files?"
    );
    Console.Error.WriteLine("  contracts intake   How many of 510 real contracts does the product take in?");
    Console.Error.WriteLine(
        "  contracts scale   How long do people wait for a contract of 300 clauses and 1,000 revisions?"
    );
    Console.Error.WriteLine(
        "  contracts search [--meaning] [--tuned] [--every n]   Who asks for a clause in plain words, do they find it among the first five?"
    );
    Console.Error.WriteLine(
        "  guards personal-data|injection   How much personal data and how many injections are found, and how much that is none?"
    );
    Console.Error.WriteLine(
        "  guards attacks [each] [harmless]   How much do published attacks get out of a model that obeys, with guards and without?"
    );
    Console.Error.WriteLine("  start        How long does a start take, and what does the process hold?");
    Console.Error.WriteLine(
        "  extractive   How often does the answerer without a model answer, cite right, and refuse?"
    );
    Console.Error.WriteLine("  citations    Does an answer cite the page of a filing that holds the evidence?");
    Console.Error.WriteLine(
        "  answers [sets…]   How often does the whole product cite right, and say that the documents do not hold an answer?"
    );
    Console.Error.WriteLine("  ranking      Does meaning make search better, and never worse than words alone?");
    Console.Error.WriteLine(
        "  bm25         Which constants of BM25 rank best on collections that did not choose them?"
    );
    Console.Error.WriteLine(
        "  encoder      How fast is the local model, and what does it hold, beside Node on the same file?"
    );
    Console.Error.WriteLine("  gate         Are answers as good as bench/results/gate.tsv says?");
    return 2;
}
