// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE tests - handlers of binfmt_misc that are BPF programs
 *
 * A handler is a struct binfmt_misc_ops whose two functions are programs: "match"
 * takes a file or leaves it, "load" chooses the interpreter. The programs are
 * short, so they are written here as instructions, and the tests need neither a
 * compiler for BPF nor its library. The numbers of types, members and functions
 * come from the description of the running kernel (BTF).
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <sys/syscall.h>

#include "bpf.h"
#include "common.h"

#define VMLINUX "/sys/kernel/btf/vmlinux"
#define OPS "binfmt_misc_ops"
#define VALUE "bpf_struct_ops_" OPS
#define LOG_SIZE 65536
/* Of a program, in bytes. */
#define STACK_SIZE 512
/* BINFMT_MISC_OPS_NAME_MAX */
#define NAME_SIZE 16

static int call_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	const long ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

struct types {
	const struct btf_header *header;
	const char *strings;
	const unsigned char *first, *end;
};

static int types_read(struct blob *blob, struct types *types)
{
	const struct btf_header *header;
	int err = blob_read(VMLINUX, blob);

	if (err == -ENOENT)
		return -EOPNOTSUPP;
	if (err)
		return err;
	header = (const void *)blob->data;
	if (blob->len < sizeof(*header) || header->magic != BTF_MAGIC)
		return -EBADMSG;
	types->header = header;
	types->first = blob->data + header->hdr_len + header->type_off;
	types->end = types->first + header->type_len;
	types->strings = (const char *)blob->data + header->hdr_len +
			 header->str_off;
	return 0;
}

static size_t type_size(const struct btf_type *type)
{
	const unsigned int count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
		return sizeof(*type) + sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(*type) + sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return sizeof(*type) + count * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return sizeof(*type) + count * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return sizeof(*type) + count * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return sizeof(*type) + count * sizeof(struct btf_param);
	case BTF_KIND_VAR:
		return sizeof(*type) + sizeof(struct btf_var);
	case BTF_KIND_DATASEC:
		return sizeof(*type) + count * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG:
		return sizeof(*type) + sizeof(struct btf_decl_tag);
	default:
		return sizeof(*type);
	}
}

/* The number of a type, from 1, and its description; 0 if there is none. */
static __u32 type_find(const struct types *types, unsigned int kind,
		       const char *name, const struct btf_type **found)
{
	const unsigned char *at = types->first;
	__u32 id;

	for (id = 1; at < types->end; id++) {
		const struct btf_type *type = (const void *)at;

		if (BTF_INFO_KIND(type->info) == kind &&
		    !strcmp(types->strings + type->name_off, name)) {
			if (found)
				*found = type;
			return id;
		}
		at += type_size(type);
	}
	return 0;
}

/* The index of a member of a structure, and its offset in bytes. */
static int member_find(const struct types *types, const struct btf_type *type,
		       const char *name, unsigned int *offset)
{
	const struct btf_member *member = (const void *)(type + 1);
	unsigned int i;

	for (i = 0; i < BTF_INFO_VLEN(type->info); i++, member++) {
		if (strcmp(types->strings + member->name_off, name))
			continue;
		*offset = (BTF_INFO_KFLAG(type->info) ?
				   BTF_MEMBER_BIT_OFFSET(member->offset) :
				   member->offset) / 8;
		return i;
	}
	return -ENOENT;
}

#define INSN(op, to, from, offset, value)                                   \
	((struct bpf_insn){ .code = (op), .dst_reg = (to), .src_reg = (from), \
			    .off = (offset), .imm = (value) })
/* The only argument of both programs is a pointer to the struct linux_binprm. */
#define ARGUMENT INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_1, 0, 0)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define MOV_IMM(to, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value)

static unsigned int match_insns(struct bpf_insn *insn, unsigned int buf)
{
	const unsigned int len = strlen(BPF_MAGIC);
	unsigned int i, n = 0;

	insn[n++] = ARGUMENT;
	insn[n++] = MOV_IMM(BPF_REG_0, 0);
	for (i = 0; i < len; i++) {
		insn[n++] = INSN(BPF_LDX | BPF_MEM | BPF_B, BPF_REG_2,
				 BPF_REG_1, buf + i, 0);
		/* To the exit, over the rest of the loop and the assignment. */
		insn[n++] = INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0,
				 2 * (len - 1 - i) + 1, BPF_MAGIC[i]);
	}
	insn[n++] = MOV_IMM(BPF_REG_0, 1);
	insn[n++] = EXIT;
	return n;
}

/* Calls a function of the kernel with a string, which is put on the stack. */
static unsigned int load_insns(struct bpf_insn *insn, __u32 function,
			       const char *string)
{
	const int size = (strlen(string) + 1 + 7) & ~7;
	char text[STACK_SIZE] = "";
	unsigned int n = 0;
	__s32 word;
	int at;

	strcpy(text, string);
	insn[n++] = ARGUMENT;
	for (at = 0; at < size; at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		insn[n++] = INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0,
				 at - size, word);
	}
	insn[n++] = INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0,
			 0);
	insn[n++] = INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -size);
	insn[n++] = MOV_IMM(BPF_REG_3, strlen(string) + 1);
	insn[n++] = INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0,
			 function);
	insn[n++] = EXIT;
	return n;
}

/* Returns a descriptor; prints what the verifier of the kernel says of an error. */
static int load_program(const struct bpf_insn *insns, unsigned int count,
			__u32 ops, int member)
{
	static char log[LOG_SIZE];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_STRUCT_OPS,
		.insns = (uintptr_t)insns,
		.insn_cnt = count,
		.license = (uintptr_t)"GPL",
		.prog_flags = BPF_F_SLEEPABLE,
		.attach_btf_id = ops,
		.expected_attach_type = member,
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	const int fd = call_bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		fprintf(stderr, "# verifier: %s\n", log);
	return fd;
}

/* The kernel wants a description of the program's types, though none is used. */
static int load_types(void)
{
	static const char strings[] = "\0int";
	struct {
		struct btf_header header;
		struct btf_type type;
		__u32 integer;
		char strings[sizeof(strings)];
	} __attribute__((packed)) data = {
		.header = {
			.magic = BTF_MAGIC,
			.version = BTF_VERSION,
			.hdr_len = sizeof(struct btf_header),
			.type_len = sizeof(struct btf_type) + sizeof(__u32),
			.str_off = sizeof(struct btf_type) + sizeof(__u32),
			.str_len = sizeof(strings),
		},
		.type = {
			.name_off = 1,
			.info = BTF_KIND_INT << 24,
			.size = 4,
		},
		.integer = BTF_INT_SIGNED << 24 | 32,
	};
	union bpf_attr attr = {
		.btf = (uintptr_t)&data,
		.btf_size = sizeof(data),
	};

	memcpy(data.strings, strings, sizeof(strings));
	return call_bpf(BPF_BTF_LOAD, &attr);
}

/* Returns a descriptor of the map that holds the structure. */
static int load_ops(__u32 type, size_t size, const void *value)
{
	static const __u32 key;
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_STRUCT_OPS,
		.key_size = sizeof(key),
		.value_size = size,
		.max_entries = 1,
		.map_flags = BPF_F_LINK,
		.btf_vmlinux_value_type_id = type,
	};
	union bpf_attr update = {
		.key = (uintptr_t)&key,
		.value = (uintptr_t)value,
	};
	int map, err;

	map = load_types();
	if (map < 0)
		return map;
	create.btf_fd = map;
	map = call_bpf(BPF_MAP_CREATE, &create);
	close(create.btf_fd);
	if (map < 0)
		return map;
	update.map_fd = map;
	err = call_bpf(BPF_MAP_UPDATE_ELEM, &update);
	if (!err)
		return map;
	close(map);
	return err;
}

static int register_handler(const struct types *types, const char *name,
			    const char *interpreter, bool bound)
{
	const struct btf_type *ops, *value, *binprm;
	unsigned int buf, match_at, load_at, name_at, data_at;
	/* A word of the stack takes one, the rest fewer than 16. */
	struct bpf_insn insns[STACK_SIZE / 4 + 16];
	union bpf_attr attr = { .link_create.attach_type = BPF_STRUCT_OPS };
	const __u32 ops_id = type_find(types, BTF_KIND_STRUCT, OPS, &ops);
	const __u32 value_id = type_find(types, BTF_KIND_STRUCT, VALUE, &value);
	const __u32 function =
		type_find(types, BTF_KIND_FUNC,
			  bound ? "bpf_binprm_select_interp" :
				  "bpf_binprm_set_interp",
			  NULL);
	int match, load, map, link;
	unsigned char *data;
	unsigned long fd;

	if (!ops_id || !value_id || !function ||
	    !type_find(types, BTF_KIND_STRUCT, "linux_binprm", &binprm))
		return -EOPNOTSUPP;
	match = member_find(types, ops, "match", &match_at);
	load = member_find(types, ops, "load", &load_at);
	if (match < 0 || load < 0 ||
	    member_find(types, ops, "name", &name_at) < 0 ||
	    member_find(types, value, "data", &data_at) < 0 ||
	    member_find(types, binprm, "buf", &buf) < 0)
		return -EOPNOTSUPP;
	if (strlen(interpreter) >= STACK_SIZE || strlen(name) >= NAME_SIZE)
		return -ENAMETOOLONG;

	match = load_program(insns, match_insns(insns, buf), ops_id, match);
	if (match < 0)
		return match;
	load = load_program(insns, load_insns(insns, function, interpreter),
			    ops_id, load);
	if (load < 0)
		return load;

	data = calloc(1, value->size);
	if (!data)
		return -ENOMEM;
	fd = match;
	memcpy(data + data_at + match_at, &fd, sizeof(fd));
	fd = load;
	memcpy(data + data_at + load_at, &fd, sizeof(fd));
	strcpy((char *)data + data_at + name_at, name);
	map = load_ops(value_id, value->size, data);
	free(data);
	if (map < 0)
		return map;
	/* The handler is registered as long as the link is open. */
	attr.link_create.map_fd = map;
	link = call_bpf(BPF_LINK_CREATE, &attr);
	close(map);
	close(match);
	close(load);
	return link < 0 ? link : 0;
}

int bpf_handler(const char *name, const char *interpreter, bool bound)
{
	struct types types;
	struct blob blob = {};
	int err = types_read(&blob, &types);

	if (!err)
		err = register_handler(&types, name, interpreter, bound);
	blob_free(&blob);
	return err;
}
